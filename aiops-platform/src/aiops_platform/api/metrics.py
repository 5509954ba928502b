"""The platform's numbers in the text format that Prometheus reads: https://prometheus.io/docs/instrumenting/exposition_formats/"""

from collections.abc import Iterator, Mapping, Sequence

_REFUSED = "refused_"
# Name and kind in the answer, and what it tells, by the name under which the number is kept.
_TOLD = {
    "accepted": ("reports_accepted_total", "counter", "Reports that were answered 202."),
    "digested": ("reports_digested_total", "counter", "Reports that were digested, those among them that came twice."),
    "duplicates": ("reports_duplicates_total", "counter", "Events that were digested before, and did not count again."),
    "buried": ("buried_parcels", "gauge", "Parcels that nobody could read, kept with the reason."),
    "stored_events": ("stored_events", "gauge", "Events in the store."),
    "intake_depth": ("intake_parcels", "gauge", "Parcels that wait to be digested: single reports and batches."),
    "intake_aside": ("intake_parcels_aside", "gauge", "Of these, those that wait until the store is put right."),
    "intake_oldest_seconds": ("digest_lag_seconds", "gauge", "How long the oldest of them has waited."),
    "intake_bytes": ("intake_bytes", "gauge", "The intake's size on disk."),
    "intake_held_bytes": (
        "intake_held_bytes",
        "gauge",
        "What of the intake is in use: so much of its budget is taken.",
    ),
    "store_bytes": ("store_bytes", "gauge", "The store's size on disk."),
    "fixes_asked": ("fixes_asked_total", "counter", "Fixes that were asked for, or suggested, by people and policies."),
    "fixes_succeeded": ("fixes_succeeded_total", "counter", "Of these, those that the service says have succeeded."),
    "fixes_failed": (
        "fixes_failed_total",
        "counter",
        "Those that failed, took too long, died in the middle, or of which nobody has told.",
    ),
    "fixes_mended": (
        "fixes_mended_total",
        "counter",
        "Times that what a fix was for has not come back, though it would have.",
    ),
    "fixes_not_mended": ("fixes_not_mended_total", "counter", "Times that it has."),
    "fixes_unproven": ("fixes_unproven_total", "counter", "Times that nothing tells which of the two."),
    "worker_running": ("worker_running", "gauge", "1 while there is a worker that digests, and does not stand still."),
}


def told(
    numbers: Mapping[str, int | float], *, bounds: Sequence[float], took: Sequence[int], took_together: float
) -> str:
    """The whole answer. `took` are as many answers as took no longer than each of `bounds`, and all of them at the end."""
    return "\n".join([*_numbers(numbers), *_refused(numbers), *_answers(bounds, took, took_together), ""])


def _numbers(numbers: Mapping[str, int | float]) -> Iterator[str]:
    for kept, (name, kind, meaning) in _TOLD.items():
        if kept in numbers:
            yield from _head(name, kind, meaning)
            yield f"aiops_{name} {numbers[kept]}"


def _refused(numbers: Mapping[str, int | float]) -> Iterator[str]:
    yield from _head("reports_refused_total", "counter", "Reports and whole requests that were not taken, by reason.")
    for name, number in sorted(numbers.items()):
        if name.startswith(_REFUSED):
            yield f'aiops_reports_refused_total{{reason="{name.removeprefix(_REFUSED)}"}} {number}'


def _answers(bounds: Sequence[float], took: Sequence[int], took_together: float) -> Iterator[str]:
    yield from _head("answer_seconds", "histogram", "From a report's headers to the end of its answer.")
    for bound, number in zip((*bounds, "+Inf"), took, strict=True):
        yield f'aiops_answer_seconds_bucket{{le="{bound}"}} {number}'
    yield f"aiops_answer_seconds_sum {took_together:.6f}"
    yield f"aiops_answer_seconds_count {took[-1]}"


def _head(name: str, kind: str, meaning: str) -> Iterator[str]:
    yield f"# HELP aiops_{name} {meaning}"
    yield f"# TYPE aiops_{name} {kind}"
