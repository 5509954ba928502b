"""Alerts as the API tells them."""

from made import NOW

from aiops_platform.api.alert_shapes import alert_resource
from aiops_platform.core.alerting.alert import Alert
from aiops_platform.core.messages import Severity
from aiops_platform.ports.alerting import AlertRow


def test_an_alert_says_when_it_was_told_only_where_somebody_heard_of_it() -> None:
    said = {"id": 1, "project_id": 1, "rule_id": 1, "subject": "incident:1", "incident_id": 1, "service_id": 1}
    said |= {"severity": Severity.ERROR, "title": "It", "text": "", "since": NOW, "told_at": NOW}
    alert = Alert(**said)  # type: ignore[arg-type]
    heard, unheard = (
        AlertRow(alert=alert, rule="New", service="shop", environment="live", told=told) for told in (("#ops",), ())
    )
    assert alert_resource(heard).told_at == NOW
    assert alert_resource(unheard).told_at is None
