"""The one shape of all lines that the bundled incentives settle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import cast_like

if TYPE_CHECKING:
    from siyu.kinds import Frame

__all__ = ["lines"]

_COLUMNS = {
    "member": nw.Int64(),
    "incentive": nw.String(),
    "item": nw.String(),
    "lot": nw.String(),
    "kind": nw.String(),
    "amount": nw.Int64(),
    "cause_kind": nw.String(),
    "cause": nw.String(),
    "request": nw.String(),
    "time": nw.Int64(),
    "available": nw.Int64(),
    "expires": nw.Int64(),
    "reason": nw.String(),
}


def lines(frame: Frame) -> Frame:
    """Give rows the columns and types of ledger lines, so that they can be put together; missing ones are null."""
    return cast_like(frame, _COLUMNS)
