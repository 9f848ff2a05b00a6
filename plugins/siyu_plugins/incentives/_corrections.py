"""What people correct in a ledger, each correction with who says so and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

if TYPE_CHECKING:
    from collections.abc import Callable

    from siyu import View
    from siyu.kinds import Frame

__all__ = ["corrections"]

_SAID = {"why": nw.String()}


def corrections(view: View, incentive: str, kept: Callable[[Frame], Frame]) -> Frame:
    """Return the lines of all corrections of an incentive.

    What is taken is a lot in debt, which the member's other lots pay. A correction without an author, or of nothing,
    is refused.

    Args:
        view: The view.
        incentive: The incentive's name.
        kept: Adds ``expires`` to lots by ``available``.

    Returns:
        member, item, lot, kind, amount, cause_kind, cause, time, available, expires, reason.
    """
    events = view.events.filter(nw.col("type") == "corrected", nw.col("subject") == incentive)
    said = view.fields(events, _SAID)
    units, author = nw.col("quantity").fill_null(0), nw.col("staff").fill_null("")
    sound = (units != 0) & (author != "")
    why = nw.when(nw.col("why").fill_null("") != "").then(nw.concat_str(nw.lit(": "), nw.col("why")))
    signed = nw.concat_str(nw.lit("by "), author, why.otherwise(nw.lit("")))
    refusal = nw.when(author == "").then(nw.lit("a correction names its author")).otherwise(nw.lit("it is of nothing"))
    rows = said.select(
        "member",
        item=nw.lit("corrected"),
        lot=nw.col("id").cast(nw.String),
        kind=nw.when(sound).then(nw.lit("corrected")).otherwise(nw.lit("refused")),
        amount=nw.when(sound).then(units).otherwise(0).cast(nw.Int64),
        cause_kind=nw.lit("event"),
        cause=nw.col("id").cast(nw.String),
        time=nw.col("second"),
        available=nw.col("second"),
        reason=nw.when(sound).then(signed).otherwise(refusal),
    )
    ends = kept(rows)
    return ends.with_columns(expires=nw.when(nw.col("amount") > 0).then(nw.col("expires")))
