"""What one limit of the gate is: whom it concerns, and how much room it leaves."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import narwhals as nw
from attrs import field, frozen

from siyu.kinds import Channel
from siyu.moments import period_start

if TYPE_CHECKING:
    from siyu.config.limits import Quota
    from siyu.config.programme import Programme
    from siyu.kinds import Frame
    from siyu.view import View

__all__ = ["Limit", "begun", "costs", "earliest"]


@frozen(kw_only=True)
class Limit:
    """One limit: so much room, of which what was sent before and what goes out now take their share.

    Attributes:
        rule: The rule's name in the waterfall of a plan.
        words: Why a touch waits that finds no room.
        concerns: Which touches it counts, by their columns and the ``theme`` of their content.
        room: How much room there is.
        using: Which of the touches that were sent before use it, by ``moment`` and the columns of ``LOCAL`` as well.
        shared: Whether all recipients share the room; else each member has one of their own.
        of_sender: Whether each staff member who sends has one of their own instead.
        takes: How much one touch takes.
        rooms: In place of ``room`` and ``using``, what is left: recipient, room; whoever has no row has
            ``otherwise``, where None is no limit at all.
        otherwise: See ``rooms``.
    """

    rule: str
    words: str
    concerns: nw.Expr
    room: int = 0
    using: nw.Expr | None = None
    shared: bool = False
    of_sender: bool = False
    takes: nw.Expr = field(factory=partial(nw.lit, 1, nw.Int64))
    rooms: Frame | None = None
    otherwise: int | None = 0


def costs(programme: Programme) -> nw.Expr:
    """Return what a touch costs by its channel, in minor units."""
    cost = nw.lit(0, nw.Int64)
    for channel in programme.of(Channel):
        if channel.cost is not None:
            price = nw.lit(channel.cost.minor, nw.Int64)
            cost = nw.when(nw.col("channel") == channel.name).then(price).otherwise(cost)
    return cost


def begun(view: View, zone: str, quota: Quota) -> nw.Expr:
    """Return whether what was sent at ``moment`` is in the span that a quota counts."""
    if quota.within is not None:
        return nw.col("moment") > view.now - quota.within.seconds
    if quota.per.startswith("local "):
        return nw.col("moment") >= nw.col(quota.per)
    return nw.col("moment") >= period_start(zone, view.now, quota.per)


def earliest(view: View, zone: str, quota: Quota) -> int:
    """Return a second before which nothing is in the span that a quota counts, in any zone."""
    if quota.within is not None:
        return view.now - quota.within.seconds
    # No zone's day begins two days before another's.
    return period_start(zone, view.now, quota.per.removeprefix("local ")) - 2 * 86400 * quota.per.startswith("local ")
