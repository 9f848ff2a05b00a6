"""Pages of WeCom as frames, and what is found in them as rows of the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from siyu.frames import cast_like

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from narwhals.dtypes import DType

    from siyu.kinds import Frame, Intake

__all__ = [
    "CONTACT",
    "GROUP",
    "MEMBER",
    "TAG",
    "contacts",
    "events",
    "framed",
    "group_members",
    "groups",
    "marks",
    "name",
]

_TEXT, _INT = nw.String(), nw.Int64()

CONTACT: dict[str, DType] = {
    "identity": _TEXT,
    "staff": _TEXT,
    "since": _INT,
    "state": _TEXT,
    "way": _INT,
    "union": _TEXT,
}
"""A contact: who, whose, since when, by which code, in which way (WeCom's add_way), and the unionid as an identity."""

TAG: dict[str, DType] = {"identity": _TEXT, "staff": _TEXT, "mark": _TEXT}
"""A tag that a staff member gave a contact."""

GROUP: dict[str, DType] = {"group": _TEXT, "name": _TEXT, "owner": _TEXT}
"""A group of customers."""

MEMBER: dict[str, DType] = {"identity": _TEXT, "group": _TEXT, "since": _INT, "staff": _TEXT, "union": _TEXT}
"""An outside person in a group: who, where, since when, asked in by which staff member."""

EVENT: dict[str, DType] = {
    **dict.fromkeys(("identity", "type", "source", "source_id", "staff", "subject", "ref", "props"), _TEXT),
    "member": _INT,
    "quantity": _INT,
    "time": nw.Datetime("us"),
}
"""The columns of what is found, as the log takes them."""

_OUTSIDE = 2


def framed(intake: Intake, rows: Sequence[Mapping[str, Any]], schema: Mapping[str, DType]) -> Frame:
    """Return the rows of a page as a frame, without those that the page has twice."""
    frame = intake.frame({name: [row.get(name) for row in rows] for name in schema}, schema)
    return intake.keep(frame.unique())


def contacts(answers: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the contacts of pages of ``externalcontact/batch/get_by_user``: rows of ``CONTACT``.

    Source: developer.work.weixin.qq.com/document/path/92994
    """
    return [
        {
            "identity": f"wecom:{person['external_userid']}",
            "staff": follow["userid"],
            "since": follow["createtime"],
            "state": follow.get("state") or None,
            "way": follow.get("add_way"),
            "union": _union(person),
        }
        for person, follow in _pairs(answers)
    ]


def marks(answers: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the tags of such pages: rows of ``TAG``."""
    return [
        {"identity": f"wecom:{person['external_userid']}", "staff": follow["userid"], "mark": mark}
        for person, follow in _pairs(answers)
        for mark in follow.get("tag_id") or ()
    ]


def groups(answers: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the groups of answers of ``externalcontact/groupchat/get``: rows of ``GROUP``.

    Source: developer.work.weixin.qq.com/document/path/92122
    """
    found = [answer["group_chat"] for answer in answers]
    return [{"group": one["chat_id"], "name": one.get("name"), "owner": one.get("owner")} for one in found]


def group_members(answers: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the outside people in the groups of such answers: rows of ``MEMBER``; staff are no members."""
    return [
        {
            "identity": f"wecom:{one['userid']}",
            "group": answer["group_chat"]["chat_id"],
            "since": one["join_time"],
            "staff": (one.get("invitor") or {}).get("userid"),
            "union": _union(one),
        }
        for answer in answers
        for one in answer["group_chat"].get("member_list") or ()
        if one.get("type") == _OUTSIDE
    ]


def events(intake: Intake, rows: Frame, source: str, **columns: nw.Expr) -> Frame:
    """Return rows of the log.

    Args:
        intake: Converts moments.
        rows: What was found.
        source: What the ids belong to.
        columns: The columns of the log; ``second`` (Int64) stands for the time.
    """
    told = rows.select(source=nw.lit(source), **columns)
    return cast_like(intake.convert(told, "second", "time", "moment"), EVENT)


def name(kind: str, *columns: str) -> nw.Expr:
    """Return an id of an event: what it is, and what makes it the same when it is found again; it names nobody."""
    parts = (nw.col(column).cast(_TEXT).fill_null("") for column in columns)
    return nw.concat_str(nw.lit(f"pull {kind}"), *parts, separator=" ")


def _pairs(answers: Iterable[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    listed = [one for answer in answers for one in answer.get("external_contact_list") or ()]
    return [(one["external_contact"], one["follow_info"]) for one in listed]


def _union(person: Mapping[str, Any]) -> str | None:
    return f"wechat:{person['unionid']}" if person.get("unionid") else None
