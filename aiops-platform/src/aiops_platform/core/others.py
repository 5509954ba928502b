"""Addresses of Apprise: only of services that stand at one public address, reached by https.

Apprise knows a hundred kinds, some of which start programs, write files or talk to whatever host is typed: those are not
taken, and no options are, for some switch the check of certificates off.
"""

import re
from typing import Final

from aiops_platform.core.errors import PlatformError

# As Apprise calls them; each has its host in Apprise's own code.
SERVICES: Final = {
    "tgram": "Telegram",
    "pover": "Pushover",
    "pbul": "Pushbullet",
    "prowl": "Prowl",
    "psafers": "Pushsafer",
    "push": "Techulus Push",
    "opsgenie": "Opsgenie",
    "pagertree": "PagerTree",
    "splunk": "Splunk On-Call",
    "victorops": "Splunk On-Call",
    "twilio": "Twilio",
    "vonage": "Vonage",
    "plivo": "Plivo",
    "msgbird": "MessageBird",
    "clicksend": "ClickSend",
    "sendgrid": "SendGrid",
    "mailgun": "Mailgun",
    "gchat": "Google Chat",
    "wxteams": "Webex Teams",
    "line": "LINE",
    "flock": "Flock",
    "join": "Join",
    "ifttt": "IFTTT",
    "whatsapp": "WhatsApp",
    "threema": "Threema",
    "twist": "Twist",
    "dingtalk": "DingTalk",
    "feishu": "Feishu",
    "lark": "Lark",
    "revolt": "Revolt",
    "guilded": "Guilded",
}
_ADDRESS: Final = re.compile(r"([a-z0-9]+)://[!-~]+")


class OtherError(PlatformError):
    """This is no address that Apprise is given; the message says why, without the address."""


def checked_other(text: str) -> str:
    """An address for Apprise. Raises OtherError."""
    found = _ADDRESS.fullmatch(text)
    if found is None:
        raise OtherError("Give an address as Apprise writes it, such as tgram://bot_token/chat_id")
    if found[1] not in SERVICES:
        raise OtherError(
            f"'{found[1]}' is not among what may be sent to by Apprise: there are {', '.join(sorted(SERVICES))}"
        )
    if set(text) & set("?#\\<>\"'`{}|^;"):
        raise OtherError("Give the address without options: no question mark, no quotes")
    # Apprise takes several at once, with commas between: the others would be of any kind.
    if "," in text or text.count("://") > 1:
        raise OtherError("Give one address; for another one add another channel")
    return text
