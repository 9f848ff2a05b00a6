"""The review queue of referrals: what is held, and what people said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.events import EventType
from siyu.frames import latest

if TYPE_CHECKING:
    from siyu import View
    from siyu.kinds import Frame

__all__ = ["APPROVED", "HELD", "REFERRAL", "REFUSED", "REVIEW", "WORDS", "queue", "words"]

REFERRAL = "referral"
"""The ``cause_kind`` of the lines by which a pair is decided."""

REVIEW = "review"
"""The ``cause_kind`` of a line that a pair waits for a person: it is no decision, and no part of one."""

HELD = "held"
"""The kind of such a line."""

APPROVED, REFUSED = "invitation_approved", "invitation_refused"

_NOTE = {"note": "why is shown with the decision"}

WORDS = {
    APPROVED: EventType("a person approved a referral that was held", "the incentive", "the cause", props=_NOTE),
    REFUSED: EventType("a person refused a referral that was held", "the incentive", "the cause", props=_NOTE),
}
"""The events by which people decide; the member is the inviter, the staff who decided."""


def words(view: View, incentive: str) -> Frame:
    """Return what people decided, of each cause the first word: cause, approved, said (second), by, note."""
    told = view.events.filter(
        nw.col("type").is_in(list(WORDS)), nw.col("subject") == incentive, ~nw.col("ref").is_null()
    )
    first = latest(told, ["ref"], ["-second", "-id"]).select("type", "second", "staff", "props", "ref")
    return view.fields(first, {"note": nw.String()}).select(
        cause="ref",
        approved=nw.col("type") == APPROVED,
        said="second",
        by=nw.col("staff").fill_null(""),
        note=nw.col("note").fill_null(""),
    )


def queue(grants: Frame, events: Frame) -> Frame:
    """Return what waits for a person: incentive, cause, member (the inviter), time, reason.

    Args:
        grants: All ledgers' lines.
        events: All events.
    """
    held = grants.filter(nw.col("kind") == HELD, nw.col("cause_kind") == REVIEW)
    decided = grants.filter(nw.col("cause_kind") == REFERRAL).select("incentive", "cause")
    said = events.filter(nw.col("type").is_in(list(WORDS))).select(incentive="subject", cause="ref")
    waiting = held.join(nw.concat([decided, said]).unique(), on=["incentive", "cause"], how="anti")
    return waiting.select("incentive", "cause", "member", "time", "reason").sort("time", "cause")
