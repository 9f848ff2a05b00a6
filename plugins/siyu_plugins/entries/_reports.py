"""Reports on mail that was sent: what did not arrive (RFC 3464), and whom it annoyed (RFC 5965)."""

from __future__ import annotations

import hashlib
import re
from email import message_from_bytes
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Report", "reports"]

_ANNOYED = frozenset({"abuse", "fraud", "opt-out", "opt-out-list"})
_MAIL = re.compile(r"^Message-ID:\s*<(\d{1,19})@[^<>\s]+>", re.MULTILINE | re.IGNORECASE)
_LARGEST = 2**62
_STATUS = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})")


@frozen
class Report:
    """What a report says of one mail.

    Attributes:
        id: Its id: the same for the same report, however often it is read.
        what: ``failed``, ``delayed``, ``delivered`` or ``annoyed``.
        touch: The touch that the mail was of; 0 where it does not say.
        second: When it was written; None where it does not say.
        status: The status by RFC 3463, as ``5.1.1``; empty where there is none.
        kind: The kind of a complaint, as ``abuse``.
    """

    id: str
    what: str
    touch: int
    second: int | None
    status: str = ""
    kind: str = ""


def reports(content: bytes) -> Iterator[Report]:
    """Return what a mail reports; nothing where it is no report.

    A status by recipient: mails of siyu have one, so the first that is of interest is meant.
    """
    # The old policy, which leaves headers as they are: what is sent in is seldom well made.
    mail = message_from_bytes(content)
    parts = {part.get_content_type(): part for part in mail.walk()}
    touch, second = _touch(mail), _second(mail)
    name = hashlib.sha256(str(mail["Message-ID"] or "").encode() or content).hexdigest()[:32]
    told = parts.get("message/delivery-status")
    if told is not None:
        for number, fields in enumerate(_fields(told)):
            action = _word(fields, "Action")
            if action in ("failed", "delayed", "delivered"):
                status = _STATUS.match(str(fields["Status"] or ""))
                yield Report(f"{name} {number}", action, touch, second, status[1] if status else "")
    annoyed = parts.get("message/feedback-report")
    for fields in () if annoyed is None else _fields(annoyed):
        kind = _word(fields, "Feedback-Type")
        if kind in _ANNOYED:
            yield Report(name, "annoyed", touch, second, kind=kind)


def _fields(part: Message) -> Iterator[Message]:
    """Return the blocks of fields of a machine-readable part, which the parser takes for messages."""
    payload = part.get_payload()
    for block in payload if isinstance(payload, list) else ():
        if isinstance(block, Message):
            yield block


def _word(fields: Message, name: str) -> str:
    return str(fields[name] or "").partition(";")[0].strip().lower()


def _touch(mail: Message) -> int:
    """Return the touch by the id of the mail that came back, whole or its headers only; 0 where there is none."""
    for part in mail.walk():
        found = _MAIL.search(_headers(part))
        if found and int(found[1]) < _LARGEST:
            return int(found[1])
    return 0


def _headers(part: Message) -> str:
    """Return the headers of a mail that came back, or as much of them as tells its id."""
    payload = part.get_payload()
    if part.get_content_type() == "message/rfc822" and isinstance(payload, list):
        return "".join(f"Message-ID: {one['Message-ID']}\n" for one in payload if isinstance(one, Message))
    if part.get_content_type() == "text/rfc822-headers":
        content = part.get_payload(decode=True)
        return content.decode("utf-8", "replace") if isinstance(content, bytes) else ""
    return ""


def _second(mail: Message) -> int | None:
    try:
        return int(parsedate_to_datetime(str(mail["Date"])).timestamp())
    except (TypeError, ValueError, OverflowError):
        return None
