"""Counting over all members, on the engine; what comes into Python is a few numbers for each column and trait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from siyu.frames import row_number, total
from siyu_plugins._contrast.significance import Counts
from siyu_plugins._contrast.traits import WHOLE, number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from siyu.kinds import Frame
    from siyu.view import View
    from siyu_plugins._contrast.traits import Trait

__all__ = ["INSIDE", "common", "counts", "cuts"]

INSIDE = "in:group"
"""The column that says whether a member belongs to the group; no feature can be called so."""


def cuts(view: View, members: Frame, columns: Mapping[str, str], parts: int) -> dict[str, tuple[float, ...]]:
    """Return the greatest value of each of so many equal parts of a column's known values, in their order.

    A cut is a value that occurs: the least one up to which there is the part's share of the values, definition 1 of
    R. J. Hyndman and Y. Fan, "Sample quantiles in statistical packages", The American Statistician 50 (1996). It
    comes of whole numbers alone, so it is the same on every engine. Where the greatest value would be all of them,
    the first one is the value below it.

    Args:
        view: The run's view.
        members: One row a member.
        columns: The types of columns that hold numbers, by name.
        parts: How many parts.
    """
    found: dict[str, tuple[float, ...]] = {}
    for whole in (True, False):
        asked = [_cut(members, name, kind, parts) for name, kind in columns.items() if (kind in WHOLE) == whole]
        if asked:
            rows = view.rows(nw.concat(asked))  # portable: one row a column
            found |= {name: _parted(below, values) for name, below, *values in rows if None not in values}
    return found


def common(view: View, members: Frame, columns: Sequence[str], most: int) -> dict[str, list[str]]:
    """Return the most common values of columns of texts, the most common first, those of a tie by their text."""
    found: dict[str, list[str]] = {name: [] for name in columns}
    if columns:
        asked = nw.concat([_common(members, name, most) for name in columns])
        for name, _, text in sorted(view.rows(asked)):  # portable: a few rows a column
            found[name].append(text)
    return found


def counts(view: View, members: Frame, traits: Sequence[Trait]) -> tuple[int, int, list[Counts]]:
    """Count the group, the others, and who of them has each trait, in one pass over the members."""
    has = [total(nw.when(trait.holds).then(1).otherwise(0)).alias(f"has_{at}") for at, trait in enumerate(traits)]
    frame = members.group_by(INSIDE).agg(nw.len().alias("size"), *has)
    rows = {inside: numbers for inside, *numbers in view.rows(frame)}  # portable: two rows
    nobody: list[Any] = [0] * (len(traits) + 1)
    (group, *inside), (others, *outside) = (rows.get(one, nobody) for one in (True, False))
    found = [Counts(one, group, other, others) for one, other in zip(inside, outside, strict=True)]
    return group, others, found


def _parted(below: float | None, values: Sequence[float]) -> tuple[float, ...]:
    first, *others = values
    return (first if below is None or first < values[-1] else below, *others)


def _cut(members: Frame, column: str, kind: str, parts: int) -> Frame:
    """Return one row: the column's name, the value below the greatest, and the cuts, null where no value is known."""
    known = members.select(value=number(column, kind)).filter(~nw.col("value").is_null())
    counted = known.group_by("value").agg(number=nw.len().cast(nw.Int64))
    times = nw.col("number")
    placed = counted.with_columns(
        up_to=times.cum_sum().over(order_by=["value"]).cast(nw.Int64),
        since=times.cum_sum(reverse=True).over(order_by=["value"]).cast(nw.Int64),
    )
    every = nw.col("up_to") + nw.col("since") - times
    reached = {
        f"cut_{part}": nw.when(nw.col("up_to") * parts >= every * part).then(nw.col("value")).min()
        for part in range(1, parts + 1)
    }
    found = placed.select(below=nw.when(nw.col("up_to") < every).then(nw.col("value")).max(), **reached)
    return found.select(nw.lit(column).alias("column"), "below", *reached)


def _common(members: Frame, column: str, most: int) -> Frame:
    known = members.select(value=column).filter(nw.col("value").fill_null("") != "")
    counted = known.group_by("value").agg(number=nw.len().cast(nw.Int64))
    placed = row_number(counted, [], ["-number", "value"], "place").filter(nw.col("place") <= most)
    return placed.select(nw.lit(column).alias("column"), "place", "value")
