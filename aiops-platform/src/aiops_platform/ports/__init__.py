"""What doors, stations and pages need from outside, in domain verbs: the intake and the store."""

from aiops_platform.ports.access import Access, People
from aiops_platform.ports.answers import Answered, Answers
from aiops_platform.ports.changes import IncidentChange, JobChange, KeptEvent, MonitorChange, Undoing
from aiops_platform.ports.channels import Channels, Claimed, Deliveries, Mailer, Outbox, Ready, Sender
from aiops_platform.ports.errors import IntakeUnavailableError, StoreDamagedError, StoreUnavailableError
from aiops_platform.ports.intake import Intake, Leased
from aiops_platform.ports.jobs import JobReads, Jobs, JobStanding
from aiops_platform.ports.maintenance import Maintenance
from aiops_platform.ports.monitoring import Monitoring
from aiops_platform.ports.reads import Insights, Reads, SavedViews
from aiops_platform.ports.settling import Settling
from aiops_platform.ports.store import Store, Transaction

__all__ = [
    "Access",
    "Answered",
    "Answers",
    "Channels",
    "Claimed",
    "Deliveries",
    "IncidentChange",
    "Insights",
    "Intake",
    "IntakeUnavailableError",
    "JobChange",
    "JobReads",
    "JobStanding",
    "Jobs",
    "KeptEvent",
    "Leased",
    "Mailer",
    "Maintenance",
    "MonitorChange",
    "Monitoring",
    "Outbox",
    "People",
    "Reads",
    "Ready",
    "SavedViews",
    "Sender",
    "Settling",
    "Store",
    "StoreDamagedError",
    "StoreUnavailableError",
    "Transaction",
    "Undoing",
]
