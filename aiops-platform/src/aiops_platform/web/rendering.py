"""Templates to HTML: one environment, everything escaped, and the few words that templates may say."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from aiops_platform.core.care import host_of
from aiops_platform.web import drawings, figures, markdown, words
from aiops_platform.web.assets import Assets
from aiops_platform.web.cut import shortened, visible

_FOLDER = Path(__file__).parent / "templates"


class Renderer:
    """Draws templates. A name that a template uses and nobody gave is an error, never an empty place."""

    def __init__(self, assets: Assets, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._asset = assets.url
        self._environment = _environment()

    def page(self, template: str, given: Mapping[str, Any]) -> str:
        """The template as HTML. It can say `moment(at)` (how long ago), `exact(at)`, `since(at)` (for how long), `hour(at)`, `asset(name)`."""
        now: datetime = given.get("now") or self._clock()

        def moment(at: datetime) -> Markup:
            return Markup('<time datetime="{}" title="{}">{}</time>').format(
                words.machine(at), words.exactly(at), words.ago(at, now)
            )

        def since(at: datetime) -> Markup:
            return Markup('<time datetime="{}" title="{}" data-span>{}</time>').format(
                words.machine(at), words.exactly(at), words.lasting(now - at)
            )

        def hour(at: datetime) -> Markup:
            return Markup('<time datetime="{}" title="{}" data-hour>{}</time>').format(
                words.machine(at), words.exactly(at), words.day_and_hour(at)
            )

        def exact(at: datetime) -> Markup:
            return Markup('<time datetime="{}" title="{}" data-exact>{}</time>').format(
                words.machine(at), words.ago(at, now), words.exactly(at)
            )

        own = {"now": now, "moment": moment, "since": since, "hour": hour, "exact": exact, "asset": self._asset}
        return self._environment.get_template(template).render({**given, **own})


@cache
def _environment() -> Environment:
    """The templates, compiled, so that no visitor waits for it: once for a process, which takes some tenths of a second."""
    # StrictUndefined and no extensions: a template only draws. Text from events is data and never a template.
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals |= {"bars": drawings.bars, "words": words, "figures": figures}
    environment.filters |= {
        "line": shortened,
        "visible": visible,
        "markdown": markdown.rendered,
        "host": host_of,
    }
    for name in environment.list_templates():
        environment.get_template(name)
    return environment
