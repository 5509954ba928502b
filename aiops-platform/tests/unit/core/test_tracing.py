"""By which id events of one request or trace know each other."""

import msgspec
import pytest

from aiops_platform.core.event import Event
from aiops_platform.core.tracing import ids_of

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize(
    "said",
    [
        {"contexts": {"trace": {"trace_id": TRACE}}},
        {"contexts": {"request": {"request_id": TRACE}}},
        {"tags": {"trace_id": TRACE}},
        {"tags": {"correlation_id": f" {TRACE} "}},
        {"request": {"headers": {"X-Request-ID": TRACE}}},
        {"request": {"headers": {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}}},
        {"tags": {"trace_id": TRACE}, "contexts": {"trace": {"trace_id": TRACE}}},
    ],
)
def test_an_id_is_found_where_clients_put_it(said):
    assert ids_of(msgspec.convert({"signal_type": "exception", **said}, Event)) == (TRACE,)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"tags": {"trace_id": "7"}},
        {"tags": {"request_id": "[hidden]"}},
        {"tags": {"request_id": "no-digits-in-here"}},
        {"contexts": {"trace": {"trace_id": 7}}},
        {"request": {"headers": {"traceparent": "00-xyz-01"}}},
        {"tags": {"trace_id": "1" * 300}},
    ],
)
def test_what_is_no_id_is_none(said):
    assert ids_of(msgspec.convert({"signal_type": "exception", **said}, Event)) == ()
