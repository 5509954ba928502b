"""The golden bodies are what the schema says they are. Whether each side handles them so is tested on each side."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

WIRE = Path(__file__).parents[1]
SCHEMA = json.loads((WIRE / "v1.schema.json").read_text(encoding="utf-8"))
SAMPLES = sorted((WIRE / "samples").glob("*.json"))
BATCHES = sorted((WIRE / "samples").glob("*.jsonl"))
README = (WIRE / "samples" / "README.md").read_text(encoding="utf-8")

BODIES = [path for path in SAMPLES if not path.name.startswith(("invalid-", "refused-", "answer-"))]
# A schema cannot compare an entry's `parent` with its own place in the list, and does not know whether an event is in a
# batch: each side's code does.
BEYOND_THE_SCHEMA = {"invalid-parent-later.json", "invalid-frames-number.json"}
INVALID = [
    path for path in SAMPLES if path.name.startswith(("invalid-", "refused-")) and path.name not in BEYOND_THE_SCHEMA
]
ANSWERS = [path for path in SAMPLES if path.name.startswith("answer-") and path.name != "answer-old-server.json"]


def is_valid(document: Any, *, under: str = "") -> bool:
    schema = {**SCHEMA["$defs"][under], "$defs": SCHEMA["$defs"]} if under else SCHEMA
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).is_valid(document)


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def properties_of(name: str) -> set[str]:
    return set(SCHEMA["$defs"][name]["properties"]) | set(SCHEMA["$defs"]["every"]["properties"])


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", BODIES, ids=lambda path: path.stem)
def test_a_sample_body_fits_the_schema(path: Path) -> None:
    assert is_valid(read(path))


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_an_invalid_sample_does_not_fit(path: Path) -> None:
    assert not is_valid(read(path))


@pytest.mark.parametrize("name", sorted(BEYOND_THE_SCHEMA))
def test_what_the_schema_cannot_say_passes_it_and_is_wrong_all_the_same(name: str) -> None:
    body = read(WIRE / "samples" / name)
    assert is_valid(body)
    assert any(
        entry.get("parent", -1) >= index or isinstance(entry.get("frames"), int)
        for index, entry in enumerate(body["exceptions"])
    )


def test_each_line_of_a_batch_fits_the_schema() -> None:
    head, *lines = (json.loads(line) for line in (WIRE / "samples" / "batch.jsonl").read_text("utf-8").splitlines())
    assert is_valid(head, under="batch_head")
    assert all(is_valid(line, under="event" if "signal_type" in line else "batch_stack") for line in lines)
    assert {"signal_type" in line for line in lines} == {True, False}


@pytest.mark.parametrize("name", ["signal_type", "event_id", "frames"])
def test_a_head_has_nothing_that_belongs_to_one_line(name: str) -> None:
    assert not is_valid({"service": "shop", name: "x"}, under="batch_head")


def test_a_stack_says_nothing_else() -> None:
    assert not is_valid({"frames": [], "more": 1}, under="batch_stack")


def test_no_single_body_refers_to_a_stack() -> None:
    told = [entry for path in BODIES for entry in read(path).get("exceptions", [])]
    assert told
    assert not any(isinstance(entry.get("frames"), int) for entry in told)


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: path.stem)
def test_an_answer_of_ours_fits_the_schema(path: Path) -> None:
    assert is_valid(read(path), under="answer")


def test_an_old_servers_answer_is_of_no_known_shape() -> None:
    assert not is_valid(read(WIRE / "samples" / "answer-old-server.json"), under="answer")


@pytest.mark.parametrize("path", BODIES, ids=lambda path: path.stem)
def test_every_exception_but_the_first_has_a_parent_before_it(path: Path) -> None:
    for index, entry in enumerate(read(path).get("exceptions", [])):
        assert entry.get("parent", -1) < index
        assert ("parent" in entry) == (index > 0)


@pytest.mark.parametrize(("sample", "name"), [(f"{name}-everything", name) for name in ("event", "heartbeat", "job")])
def test_the_fullest_samples_carry_every_field(sample: str, name: str) -> None:
    assert set(read(WIRE / "samples" / f"{sample}.json")) == properties_of(name)


@pytest.mark.parametrize("name", ["event", "heartbeat", "job"])
def test_every_field_is_explained_in_the_prose(name: str) -> None:
    prose = (WIRE / "v1.md").read_text(encoding="utf-8")
    assert [field for field in sorted(properties_of(name)) if f"`{field}`" not in prose] == []


def test_every_sample_is_explained_in_the_readme() -> None:
    assert [path.stem for path in SAMPLES + BATCHES if f"`{path.stem}`" not in README] == []


def test_no_sample_names_a_machine_it_was_made_on() -> None:
    assert [path.name for path in SAMPLES + BATCHES if "/tmp/" in path.read_text(encoding="utf-8")] == []
