"""Touches whose time is over, or has not come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.gate.rule import Desk, verdict

if TYPE_CHECKING:
    from siyu.kinds import Frame

__all__ = ["expired", "premature"]


def expired(desk: Desk, touches: Frame) -> Frame:
    """A touch whose ``until`` has passed is never sent."""
    return verdict(touches.filter(nw.col("until") <= desk.view.now), "expired", "its time is over")


def premature(desk: Desk, touches: Frame) -> Frame:
    """A touch waits until it is due."""
    return verdict(touches.filter(nw.col("due") > desk.view.now), "held", "it is not due yet")
