"""The least time between two marketing touches to one member."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import row_number
from siyu.gate.caps import USING
from siyu.gate.rule import Desk, verdict

if TYPE_CHECKING:
    from siyu.kinds import Frame

__all__ = ["crowded"]


def crowded(desk: Desk, touches: Frame) -> Frame | None:
    """A marketing touch waits until the last one is long enough ago; of several at once the first one goes."""
    distance = desk.programme.gate.distance.seconds
    if not distance:
        return None
    alone = touches.filter(nw.col("purpose") == "marketing", nw.col("recipient_kind") == "member")
    passed = desk.view.receipts.filter(nw.col("state") == "queued", nw.col("time") > desk.view.now - distance)
    using = desk.view.touches.filter(nw.col("purpose") == "marketing", nw.col("state").is_in(USING))
    recent = using.join(passed.select(id=nw.col("touch")).unique(), on="id", how="semi").select("recipient").unique()
    ranked = row_number(alone.with_columns(_first=-nw.col("priority")), ["recipient"], ["_first", "due", "id"], "_nth")
    later = ranked.filter(nw.col("_nth") > 1).select("id")
    near = ranked.filter(nw.col("_nth") == 1).join(recent, on="recipient", how="semi").select("id")
    words = f"less than {desk.programme.gate.distance} after another message"
    return verdict(nw.concat([later, near]), "held", words)
