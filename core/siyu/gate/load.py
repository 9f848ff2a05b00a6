"""How much staff are asked to send: a limit of each one's own, after those of members, so that none is left unused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import row_number
from siyu.gate.limits import limits
from siyu.gate.places import sent_before, themed

if TYPE_CHECKING:
    from siyu.gate.limit import Limit
    from siyu.gate.rule import Desk
    from siyu.kinds import Frame

__all__ = ["loaded"]

_ORDER = ["_first", "due", "id"]


def loaded(desk: Desk, touches: Frame) -> Frame | None:
    """A touch waits when its sender has no room for it: id, state, reason, and the rule of the limit.

    The places go by priority, then due, then id. What waits for its sender to confirm it uses one as well.
    """
    if not any(quota.each == "sender" for quota in desk.quotas):
        return None
    found = []
    standing = desk.view.keep(themed(desk, touches.filter(~nw.col("sender").is_null())))
    for limit in limits(desk):
        if limit.of_sender:
            found.append(desk.view.keep(_over(desk, standing, limit)))
            standing = desk.view.keep(standing.join(found[-1], on="id", how="anti"))
    return nw.concat(found)


def _over(desk: Desk, touches: Frame, limit: Limit) -> Frame:
    using = limit.concerns if limit.using is None else limit.concerns & limit.using
    used = sent_before(desk).filter(using, ~nw.col("sender").is_null())
    drawn = used.group_by("sender").agg(_used=nw.len().cast(nw.Int64))
    asked = touches.filter(limit.concerns).with_columns(_first=-nw.col("priority")).select("id", "sender", *_ORDER[:2])
    placed = row_number(asked, ["sender"], _ORDER, "_nth").join(drawn, on="sender", how="left")
    over = placed.filter(nw.col("_nth") > nw.lit(limit.room, nw.Int64) - nw.col("_used").fill_null(0))
    return over.select("id", state=nw.lit("held"), reason=nw.lit(limit.words), rule=nw.lit(limit.rule))
