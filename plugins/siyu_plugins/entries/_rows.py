"""The one shape of all made-up events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import cast_like

if TYPE_CHECKING:
    from siyu.kinds import Frame

__all__ = ["events"]

_TEXTS = ("entry", "source_id", "identity", "type", "place", "staff", "subject", "ref", "props")
_NUMBERS = ("second", "amount", "quantity")
_COLUMNS = {**dict.fromkeys(_TEXTS, nw.String()), **dict.fromkeys(_NUMBERS, nw.Int64())}


def events(frame: Frame, kind: str | nw.Expr, source_id: nw.Expr, **columns: nw.Expr) -> Frame:
    """Return an event for each row, with the columns that all made-up events have; missing ones are null.

    Args:
        frame: The rows.
        kind: The events' type.
        source_id: Their id.
        columns: Their other columns.
    """
    known = nw.lit(kind) if isinstance(kind, str) else kind
    return cast_like(frame.select(type=known, source_id=source_id, **columns), _COLUMNS)
