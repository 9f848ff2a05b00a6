"""Codes to answer by: what a platform gives when a member opens a channel, good for one message and not for long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from siyu.gate.openings import openings
from siyu.moments import DISTANT

if TYPE_CHECKING:
    from siyu.config.limits import Opening
    from siyu.kinds import Channel
    from siyu.view import View

__all__ = ["coded"]

_NONE = "no code came to answer by, as where the platform's console has a message of its own"


def coded(
    view: View, channel: Channel, rows: list[dict[str, Any]]
) -> tuple[list[dict[str, Any]], list[tuple[int, str, str, None]]]:
    """Add ``code`` to touches as rows where a channel answers by one; each ends with the code at the latest.

    Returns:
        The rows that have one, and the receipts of those that do not: they are suppressed.
    """
    if not channel.code or not rows:
        return rows, []
    members = {row["recipient"] for row in rows if row["recipient_kind"] == "member"}
    known: dict[int, tuple[int, str, int]] = {}
    for opening in channel.opens:
        for member, second, code in _given(view, channel.code, opening, members):
            found = (second, code, second + opening.within.seconds)
            known[member] = max(found, known.get(member, found))
    for row in rows:
        if row["recipient"] in known:
            _, row["code"], end = known[row["recipient"]]
            row["until"] = min(DISTANT if row["until"] is None else row["until"], end)
    lost = [row["id"] for row in rows if "code" not in row]
    return [row for row in rows if "code" in row], [(touch, "suppressed", _NONE, None) for touch in lost]


def _given(view: View, name: str, opening: Opening, members: set[int]) -> list[tuple[int, int, str]]:
    """Return the codes that members gave by an opening that lasts still: member, second, code."""
    asked = view.table({"member": sorted(members)}, {"member": nw.Int64()})
    events = openings(view, opening).join(asked, on="member", how="semi")
    read = view.fields(events.select("member", "second", "props"), {name: nw.String()})
    return view.rows(read.filter(~nw.col(name).is_null()).select("member", "second", name))
