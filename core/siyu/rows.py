"""Rows that a host hands over, as a frame of the store's engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import narwhals as nw

from siyu.errors import UserError
from siyu.stages.raw import RAW

if TYPE_CHECKING:
    from siyu.engine import Engine
    from siyu.kinds import Frame

__all__ = ["columns_of", "frame_of"]


def frame_of(engine: Engine, rows: object, table: str) -> Frame:
    """Return rows as a frame of the columns that a batch for a log may have.

    Args:
        engine: The engine that takes them in.
        rows: Any frame that narwhals reads, or an iterable of mappings.
        table: The log that they are for.

    Raises:
        UserError: The rows have a column that the log does not have, or a moment that is none.
    """
    if table not in RAW:
        message = f"'{table}' takes no rows; choose one of {', '.join(RAW)}"
        raise UserError(message)
    columns = columns_of(rows) or {name: [] for name in RAW[table]}
    unknown = sorted(set(columns) - set(RAW[table]))
    if unknown:
        message = f"{table} does not have: {', '.join(unknown)} (of: {', '.join(RAW[table])})"
        raise UserError(message)
    schema = {name: dtype for name, dtype in RAW[table].items() if name in columns}
    for name, dtype in schema.items():
        if isinstance(dtype, nw.Datetime):
            columns[name] = [_utc(value) for value in columns[name]]
    return engine.frame(columns, schema)


def columns_of(rows: object) -> dict[str, list[Any]]:
    """Return rows as lists by column: of a frame that narwhals reads, or of mappings."""
    frame = nw.from_native(rows, pass_through=True)
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    if isinstance(frame, nw.DataFrame):
        return {name: frame[name].to_list() for name in frame.columns}
    if not isinstance(rows, Iterable):
        message = f"expected a frame, or rows as mappings, not {type(rows).__name__}"
        raise UserError(message)
    mappings: list[Mapping[str, Any]] = list(rows)
    names = dict.fromkeys(name for row in mappings for name in row)
    return {name: [row.get(name) for row in mappings] for name in names}


def _utc(value: object) -> datetime | None:
    """Return a moment without a zone, in UTC."""
    if value is None:
        return None
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        message = f"'{value}' is not a moment; give a datetime, or text as in 2026-11-11T10:00:00Z"
        raise UserError(message) from None
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found
