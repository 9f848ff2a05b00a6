"""What a message says, as rows of the log of events."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

import narwhals as nw

from siyu_plugins._tencent.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from siyu.kinds import Frame, Intake
    from siyu_plugins._tencent.xml import Xml

__all__ = ["COLUMNS", "EXTERNAL", "Fact", "event", "external", "framed", "moment", "name_of"]

Fact: TypeAlias = "Mapping[str, Any]"
"""A row: the columns of ``siyu.kinds.Batch`` for events, without source.

Beside them ``second``, ``person`` (a name for the identity that does not show it) and ``text``, what a member wrote.
"""

_TEXTS = ("identity", "type", "source_id", "staff", "subject", "ref", "props")
_SCHEMA = {**dict.fromkeys((*_TEXTS, "person", "text"), nw.String()), "second": nw.Int64(), "time": nw.Datetime("us")}

COLUMNS = (*_TEXTS, "time")
"""The columns that the log takes of a row."""

# An outside person's id at WeCom, wm for one of WeChat and wo for one of another corp; staff have ids of the corp's
# own making, which are seldom that long. Source: developer.work.weixin.qq.com/document/path/92114
EXTERNAL = "w[mo][A-Za-z0-9_-]{20,62}"
"""The pattern of an outside person's id."""

_LATEST = 32_503_680_000  # the year 3000


def external(person: str) -> bool:
    """Tell whether an id of WeCom is that of an outside person, and not of staff."""
    return re.fullmatch(EXTERNAL, person) is not None


def moment(message: Xml) -> int:
    """Return when a message was made, in epoch seconds.

    Raises:
        Refusal: It does not say so.
    """
    written = message["CreateTime"]
    if not (written.isascii() and written.isdigit() and len(written) <= len(str(_LATEST)) and int(written) < _LATEST):
        raise Refusal(400, "the message has no CreateTime")
    return int(written)


def name_of(message: Xml, *parts: str) -> str:
    """Return the id of what a message says: the same for the same message, however often it is delivered.

    The platform's own id of a message where it has one, else a hash of who, when and what, which the platforms
    recommend for events. It names nobody.
    """
    if message["MsgId"]:
        return message["MsgId"]
    told = [message[path] for path in ("ToUserName", "FromUserName", "CreateTime", "Event", "ChangeType")]
    return _hash(*told, *parts)


def event(identity: str, kind: str, source_id: str, second: int, **more: object) -> Fact:
    """Return a row.

    Args:
        identity: The outside id, ``kind:value``.
        kind: The event's type.
        source_id: Its id: see ``name_of``.
        second: When it happened.
        more: Further columns; empty texts are null, and ``props`` a mapping.
    """
    props = {key: value for key, value in dict(more.pop("props", {})).items() if value not in ("", None)}  # type: ignore[call-overload]
    packed = json.dumps(props, ensure_ascii=False, sort_keys=True) if props else None
    time = datetime.fromtimestamp(second, UTC).replace(tzinfo=None)
    given = {key: value or None for key, value in more.items()}
    fixed = {"identity": identity, "type": kind, "source_id": source_id, "second": second, "time": time}
    fixed["person"] = _hash(identity)
    return {**given, **fixed, "props": packed}


def _hash(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def framed(intake: Intake, facts: Sequence[Fact]) -> Frame:
    """Return rows as a frame: see ``Fact``; what they lack is null."""
    columns = {name: [fact.get(name) for fact in facts] for name in _SCHEMA}
    return intake.keep(intake.frame(columns, _SCHEMA))
