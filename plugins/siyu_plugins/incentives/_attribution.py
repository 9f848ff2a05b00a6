"""Who brought whom: the one invitation that a friend's first joining is put down to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import latest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siyu import View
    from siyu.kinds import Frame
    from siyu_plugins.incentives._referral_rules import Attribution

__all__ = ["attributed"]

_TOUCHES = ["joined", "followed", "scanned"]


def attributed(view: View, attribution: Attribution, codes: Mapping[str, str]) -> Frame:
    """Return the pairs of all time: friend, inviter, join (the joined event's id), start (its second).

    A friend is in one pair at most: that of their first joining. Who the inviter is need not be another person.

    Args:
        view: The view.
        attribution: Which of several invitations counts.
        codes: Channel codes of inviters, with the outside id of each.
    """
    joins = view.events.filter(nw.col("type") == "joined").select("id", "second", friend="member")
    first = latest(joins, ["friend"], ["-second", "-id"]).select("friend", join="id", start="second")
    near = first.join(_touches(view, codes), on="friend", how="inner").filter(
        nw.col("touched") <= nw.col("start"),
        nw.col("start") - nw.col("touched") <= attribution.within.seconds,
        (nw.col("type") != "joined") | (nw.col("touch") == nw.col("join")),
    )
    # Of one second, what the joining itself says stands.
    own = near.with_columns(own=(nw.col("touch") == nw.col("join")).cast(nw.Int64))
    order = ["touched", "own", "touch"] if attribution.touch == "last" else ["-touched", "own", "-touch"]
    return latest(own, ["friend"], order).select("friend", "inviter", "join", "start")


def _touches(view: View, codes: Mapping[str, str]) -> Frame:
    """Return the invitations that name a member: friend, inviter, touch (the event's id), touched, type."""
    joining = (nw.col("type") == "joined") & (nw.col("ref").fill_null("") != "")
    said = view.events.filter(nw.col("type").is_in(_TOUCHES)).select(
        "type",
        friend="member",
        touch="id",
        touched="second",
        said=nw.when(joining).then(nw.col("ref")).otherwise(nw.col("subject")),
    )
    named = view.identified(said.filter(nw.col("said").fill_null("") != ""), "said", "by_id")
    found = named.join(_codes(view, codes), on="said", how="left").with_columns(inviter=nw.coalesce("by_id", "by_code"))
    known = found.join(view.members.select(inviter="member"), on="inviter", how="semi")
    return known.select("friend", "inviter", "touch", "touched", "type")


def _codes(view: View, codes: Mapping[str, str]) -> Frame:
    """Return what a code says of the inviter: said, by_code. A member's own codes are the numbers of all their ids."""
    own = view.members.select(said=nw.col("member").cast(nw.String), by_code="member")
    joined = view.raw["canon"].select(said=nw.col("member").cast(nw.String), by_code="canon")
    told = view.table({"said": codes, "id": codes.values()}, {"said": nw.String(), "id": nw.String()})
    given = view.identified(told, "id", "by_code").select("said", "by_code")
    return nw.concat([own, joined, given]).unique()
