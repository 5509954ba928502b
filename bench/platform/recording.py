"""A made-up shop that fails in two hundred ways, each captured by our SDK as it is: what both servers are fed.

python bench/platform/recording.py FILE      writes the events as JSON lines
"""

from __future__ import annotations

import importlib
import json
import logging
import random
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

KINDS = 200
_STEPS = 11  # calls of our own code on the way to what fails; the framework's come on top
_SEED = 7

_NOUNS = (
    "order cart parcel invoice customer voucher refund shipment stock payment address basket catalogue discount "
    "newsletter supplier warehouse return review subscription"
)
_VERBS = (
    "reserve confirm print weigh price archive merge split notify translate import export resize validate schedule "
    "cancel reopen estimate assign collect"
)
_ERRORS = {
    "LookupError": 'LookupError(f"No {noun} {{number:07d}} in the {other}")',
    "ValueError": 'ValueError(f"{noun} {{number}} has a total of {{total}}, expected {{total + 1}}")',
    "KeyError": 'KeyError(f"{noun}-{{number}}")',
    "TimeoutError": 'TimeoutError(f"The {other} did not answer within {{total % 30}} s for {noun} {{number}}")',
    "RuntimeError": 'RuntimeError(f"{noun} {{number}} is {verb}d already by worker {{total % 9}}")',
    "ConnectionError": 'ConnectionError(f"10.0.{{total % 200}}.7:5432 closed the connection during {verb}")',
    "PermissionError": 'PermissionError(f"/srv/shop/{noun}/{{number}}.pdf: not allowed to {verb}")',
    "OverflowError": 'OverflowError(f"{{number}} {noun}s do not fit into the {other}")',
}
_FUNCTION = '''

def {name}(number, total, flow):
    """{verb} the {noun} and hand it to the next step."""
    customer = {{"id": number, "name": "{who}", "city": "{city}", "since": {year}, "tags": ["{verb}", "{noun}"]}}
    lines = [{{"sku": "{noun}-{{}}".format(place), "amount": place * total % 11}} for place in range({lines})]
    note = "{verb} {noun} for {who} in {city}, {year}: step {step}"
    {log}
    total = total + sum(line["amount"] for line in lines)
    {last}
    return customer, lines, note
'''
_WHO = ("Ada Example", "Grace Sample", "Alan Specimen", "Edsger Muster", "Barbara Ejemplo", "Niklaus Exemple")
_CITIES = ("London", "Zürich", "Kraków", "São Paulo", "Kyoto", "Tromsø", "Porto", "Gent")


def record() -> list[dict[str, Any]]:
    """One event of each kind, as it would travel."""
    from flask import Flask

    import aiops_sdk
    from aiops_sdk.config import Config
    from aiops_sdk.testing import NOWHERE, capture_events

    chance = random.Random(_SEED)  # noqa: S311 (the same shop each time)
    config = Config(
        api_key="no-key-is-needed", platform_url=NOWHERE, aggregate_repeats=False, capture_locals=True,
        service_name="shop", environment="production", release="2026.11.3",
    )  # fmt: skip
    logging.getLogger().setLevel(logging.INFO)
    with TemporaryDirectory(prefix="bench-shop-") as folder, capture_events(config) as events:
        sys.path.insert(0, folder)
        app = Flask("shop")
        aiops_sdk.init_flask(app)
        paths = [_add_kind(app, Path(folder), number, chance) for number in range(KINDS)]
        client = app.test_client()
        for number, path in enumerate(paths):
            aiops_sdk.set_user(
                {"id": str(1000 + number), "email": f"user{number}@example.com", "name": _WHO[number % 6]}
            )
            client.get(path, query_string={"page": number, "q": "blue shoes"}, headers=_headers(number))
        found = list(events)
        sys.path.remove(folder)
    return [event for event in found if event["signal_type"] == "exception"]


def _add_kind(app: Any, folder: Path, kind: int, chance: random.Random) -> str:
    """Write the code that fails in this way, and a route to it."""
    module = f"shop_{kind:03d}"
    text = f'"""Part {kind} of the shop."""\n\nimport logging\n\nlog = logging.getLogger("{module}")\n'
    nouns, verbs = chance.choices(_NOUNS.split(), k=_STEPS), chance.choices(_VERBS.split(), k=_STEPS)
    names = [f"{verb}_{noun}_{step}" for step, (verb, noun) in enumerate(zip(verbs, nouns, strict=True))]
    for step in range(_STEPS):
        following = names[step + 1] if step + 1 < _STEPS else ""
        words = {"noun": nouns[step], "verb": verbs[step], "other": chance.choice(nouns)}
        error = chance.choice(list(_ERRORS.values())).format(**words)
        text += _FUNCTION.format(
            **words, name=names[step], step=step, who=chance.choice(_WHO), city=chance.choice(_CITIES),
            year=chance.randrange(2001, 2026), lines=chance.randrange(2, 5),
            log=f'log.info("{verbs[step]} {nouns[step]} %s of %s", number, total)' if step % 2 else "pass",
            last=f"result = {following}(number, total, flow + 1)" if following else f"raise {error}",
        )  # fmt: skip
    (folder / f"{module}.py").write_text(text, encoding="utf-8")
    first = getattr(importlib.import_module(module), names[0])
    noun, verb = nouns[0], verbs[0]

    def view(number: int) -> str:
        return str(first(number, kind * 7, 0))

    app.add_url_rule(f"/{noun}/<int:number>/{verb}/{kind}", f"{noun}_{verb}_{kind}", view)
    return f"/{noun}/{4711 + kind}/{verb}/{kind}"


def _headers(number: int) -> dict[str, str]:
    return {
        "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
        "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "Accept-Language": "de,en;q=0.7",
        "Referer": f"https://shop.example.com/search?page={number}",
        "X-Request-Id": f"{number:032x}",
    }


if __name__ == "__main__":
    Path(sys.argv[1]).write_text("".join(json.dumps(event) + "\n" for event in record()), encoding="utf-8")
