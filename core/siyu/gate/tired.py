"""Fatigue: who reads less and less is touched more seldom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import total

if TYPE_CHECKING:
    from siyu.config.limits import Fatigue
    from siyu.gate.rule import Desk
    from siyu.kinds import Frame

__all__ = ["tired"]

_WHOLE = 10_000


def tired(desk: Desk, fatigue: Fatigue) -> Frame:
    """Return the members whose read rate fell, with the one touch that they may get in the longer distance, if any.

    The share of the marketing touches of the newest window that were read is held against that of the window
    before; the comparison is of whole numbers, so that it is the same on every engine.

    Returns:
        recipient, room (0 or 1).
    """
    now, window = desk.view.now, fatigue.window.seconds
    sent = desk.spent.filter(~nw.col("failed"), nw.col("purpose") == "marketing")
    reads = desk.view.events.filter(nw.col("type") == "read").select(_read=nw.col("ref")).unique()
    named = sent.with_columns(_read=nw.col("id").cast(nw.String))
    seen = named.join(reads.with_columns(_seen=nw.lit(1, nw.Int64)), on="_read", how="left")
    new, near = nw.col("moment") > now - window, nw.col("moment") > now - fatigue.distance.seconds
    old = ~new & (nw.col("moment") > now - 2 * window)
    read = nw.col("_seen").fill_null(0)
    counted = seen.group_by("recipient").agg(
        sent=total(nw.when(new).then(1).otherwise(0)),
        read=total(nw.when(new).then(read).otherwise(0)),
        before=total(nw.when(old).then(1).otherwise(0)),
        read_before=total(nw.when(old).then(read).otherwise(0)),
        near=total(nw.when(near).then(1).otherwise(0)),
    )
    enough = (nw.col("sent") >= fatigue.least) & (nw.col("before") >= fatigue.least) & (nw.col("read_before") > 0)
    kept = (_WHOLE - fatigue.fall.basis_points) * nw.col("read_before") * nw.col("sent")
    fell = _WHOLE * nw.col("read") * nw.col("before") <= kept
    return counted.filter(enough & fell).select("recipient", room=nw.when(nw.col("near") > 0).then(0).otherwise(1))
