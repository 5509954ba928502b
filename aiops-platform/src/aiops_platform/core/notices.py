"""Messages of the platform about its own channels: one was disabled, one is tried out."""

from datetime import datetime

from aiops_platform.core.channels import Channel
from aiops_platform.core.messages import Message, MessageState, Severity


def disabled_notice(channel: Channel, why: str, *, project: str, address: str, now: datetime) -> Message:
    """What the other channels are told when one was disabled. `why` has nothing that its receiver said."""
    name = f"channel-{channel.id}-disabled-{now.timestamp():.0f}"
    return Message(
        key=name,
        group=name,
        state=MessageState.FIRING,
        severity=Severity.WARNING,
        title=f"The channel “{channel.name}” was disabled",
        text=(
            f"It is sent nothing any more: {why}. What it said is on its page.",
            "Mend it there, enable it, and send again what failed.",
        ),
        project=project,
        at=now,
        url=f"{address}/settings/channels/{channel.id}",
    )


def trial(channel: Channel, *, project: str, by: str, address: str, now: datetime) -> Message:
    """What a channel is sent to try it out."""
    name = f"test-{channel.id}-{now.timestamp() * 1_000_000:.0f}"
    return Message(
        key=name,
        group=name,
        state=MessageState.TEST,
        severity=Severity.INFO,
        title=f"This is how alerts reach “{channel.name}”",
        text=(f"{by} sent this to try the channel out. Nothing is wrong.",),
        project=project,
        at=now,
        url=f"{address}/settings/channels/{channel.id}",
    )
