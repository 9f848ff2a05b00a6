"""Portable frame operations: what narwhals has no portable word for, the same on every engine.

Every function takes and returns lazy frames and looks at no row. Where an order is asked for, ``order_by`` must make
it total: two rows that tie may change places between engines. Nulls come first in it. Columns whose names start
with ``__`` are used on the way and must not be in a frame that is handed in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siyu.kinds import Frame
    from siyu.tables import Schema

__all__ = ["cast_like", "distinct", "last", "latest", "local_time", "long", "next_after", "row_number", "total"]

_LAST = 2**63 - 1


def row_number(frame: Frame, by: Sequence[str], order_by: Sequence[str], name: str = "row") -> Frame:
    """Number the rows of each group from 1.

    Args:
        frame: The rows.
        by: The columns that make a group; none for one group of all rows.
        order_by: The columns that order a group; ``-column`` orders by an integer column downwards.
        name: The new column (Int64).

    Returns:
        The frame with the new column.
    """
    return _counted(frame, by, order_by, name, reverse=False)


def latest(frame: Frame, by: Sequence[str], order_by: Sequence[str]) -> Frame:
    """Keep the one row of each group that is the last in its order.

    Args:
        frame: The rows.
        by: The columns that make a group; none for one group of all rows.
        order_by: The columns that order a group; ``-column`` orders by an integer column downwards.

    Returns:
        The rows kept, with the columns of the frame.
    """
    counted = _counted(frame, by, order_by, "__rank", reverse=True)
    return counted.filter(nw.col("__rank") == 1).drop("__rank")


def last(log: Frame, by: str) -> Frame:
    """Keep of a log the one row of each group that came last: ``latest`` by ``seq``, at half its price.

    Args:
        log: The rows; no two of them have the same ``seq``.
        by: The column (not null) that makes a group.

    Returns:
        The rows kept, with the columns of the log.
    """
    newest = log.group_by(by).agg(nw.col("seq").max())
    return log.join(newest, on=[by, "seq"], how="semi")


def next_after(frame: Frame, events: Frame, *, by: Sequence[str], at: str, name: str, inclusive: bool = False) -> Frame:
    """Add to each row the moment of the next event in its group.

    Args:
        frame: The rows, with the columns ``by`` and ``at``.
        events: The events, with the columns ``by`` (of the same types) and ``at``.
        by: The columns that make a group; a row with a null among them meets no event.
        at: The moment (Int64) of a row, and of an event; any ordered integer will do.
        name: The new column (Int64): the least ``at`` of the group's events that lies after the row's; null for none.
        inclusive: Whether an event at the very moment of the row counts.

    Returns:
        The frame with the new column.
    """
    known = nw.all_horizontal(*(~nw.col(column).is_null() for column in (*by, at)), ignore_nulls=False)
    keys = [nw.col(column) for column in by]
    moment = nw.col(at).cast(nw.Int64).alias("__at")
    # An event stands before a row of the same moment, where the row must not see it, and else behind it.
    asked = frame.filter(known).select(*keys, moment, __last=nw.lit(not inclusive), __next=nw.lit(_LAST, nw.Int64))
    given = events.filter(known).select(*keys, moment, __last=nw.lit(inclusive)).with_columns(__next=nw.col("__at"))
    both = nw.concat([asked.unique(), given.unique()])
    least = nw.col("__next").cum_min(reverse=True).over(*by, order_by=["__at", "__last"])
    found = both.with_columns(__least=least).filter(nw.col("__last") == (not inclusive), nw.col("__least") < _LAST)
    named = found.select(*keys, "__at", nw.col("__least").alias(name))
    keyed = frame.with_columns(__at=nw.col(at).cast(nw.Int64))
    return keyed.join(named, on=[*by, "__at"], how="left").drop("__at")


def long(frame: Frame, index: Sequence[str], columns: Sequence[str], name: str = "name", value: str = "value") -> Frame:
    """Turn columns into rows: one row for each row of the frame and each of the columns.

    Args:
        frame: The rows.
        index: The columns that are repeated beside each value.
        columns: The columns that become rows, at least one, all of one type.
        name: The new column (String) that holds the name of the column that a value comes from.
        value: The new column that holds the value.

    Returns:
        index, name, value.
    """
    return nw.concat([frame.select(*index, nw.lit(one).alias(name), nw.col(one).alias(value)) for one in columns])


def distinct(frame: Frame, *columns: str) -> Frame:
    """Return which values some columns have: ``unique``, at a tenth of its price where they are few in many rows."""
    return frame.group_by(*columns).agg(nw.len().alias("__n")).select(*columns)


def total(what: nw.Expr | str) -> nw.Expr:
    """Sum an integer column or expression, for ``agg`` and ``select``: Int64, and 0 where there is nothing to sum."""
    expression = nw.col(what) if isinstance(what, str) else what
    return expression.sum().cast(nw.Int64).fill_null(0)


def local_time(frame: Frame, calendar: Frame, *, day: str, clock: int | str, name: str) -> Frame:
    """Add the moment at which the clocks on the wall show a time of day, exact through a change of clocks.

    A time that a change skips is as long after the change as it would have been without it; of a time that comes
    twice, the first is taken.

    Args:
        frame: The rows.
        calendar: day, midnight, change, shift, as in ``siyu.calendars``: one row a day.
        day: The column of the frame that holds the day number (Int32).
        clock: The second of the day that the clocks show, or the column that holds it.
        name: The new column (Int64, epoch seconds); null where the calendar lacks the day.

    Returns:
        The frame with the new column.
    """
    shown = nw.col(clock) if isinstance(clock, str) else nw.lit(clock, nw.Int64)
    days = calendar.select(
        nw.col("day").cast(nw.Int64).alias("__day"),
        nw.col("midnight").cast(nw.Int64).alias("__midnight"),
        nw.col("change").cast(nw.Int64).fill_null(_LAST).alias("__change"),
        nw.col("shift").cast(nw.Int64).fill_null(0).alias("__shift"),
    )
    joined = frame.with_columns(__day=nw.col(day).cast(nw.Int64)).join(days, on="__day", how="left")
    plain = nw.col("__midnight") + shown.cast(nw.Int64)
    shifted = plain - nw.col("__shift")
    changed = (plain >= nw.col("__change")) & (shifted >= nw.col("__change"))
    moment = nw.when(changed).then(shifted).otherwise(plain)
    return joined.with_columns(moment.alias(name)).drop("__day", "__midnight", "__change", "__shift")


def cast_like(frame: Frame, schema: Schema) -> Frame:
    """Give a frame the columns of a schema, in its order and of its types; those that are missing are null."""
    known = frame.collect_schema()
    if list(known.items()) == list(schema.items()):
        return frame
    return frame.select(
        *(
            (nw.col(column) if column in known else nw.lit(None)).cast(dtype).alias(column)
            for column, dtype in schema.items()
        )
    )


def _counted(frame: Frame, by: Sequence[str], order_by: Sequence[str], name: str, *, reverse: bool) -> Frame:
    falling = [key[1:] for key in order_by if key.startswith("-")]
    order = [f"__{key}" if key.startswith("-") else key for key in order_by]
    # A literal has no row for an engine to count by.
    one = (nw.col(frame.collect_schema().names()[0]).is_null() | nw.lit(value=True)).cast(nw.Int64)
    count = one.cum_sum(reverse=reverse).over(*by, order_by=order).cast(nw.Int64).alias(name)
    if not falling:
        return frame.with_columns(count)
    prepared = frame.with_columns(*((-nw.col(key)).alias(f"__-{key}") for key in falling))
    return prepared.with_columns(count).drop(*(f"__-{key}" for key in falling))
