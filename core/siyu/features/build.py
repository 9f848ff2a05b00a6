"""The state of features from all events: one pass for all that add up or compare, one for each that counts values."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import narwhals as nw

from siyu.features.cells import cells, counted, marked, state_columns, state_of
from siyu.frames import total

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from siyu.config.features import Feature
    from siyu.features.cells import Cell
    from siyu.kinds import Frame

__all__ = ["assembled", "compute", "filled", "pairs_of", "picked", "valued", "within"]


def compute(events: Frame, features: Mapping[str, Feature], today: int, keep: Callable[[Frame], Frame]) -> list[Frame]:
    """Return the state of features in parts: each has member and some of the columns, for some of the members.

    Args:
        events: The events that there are: the columns of the log.
        features: The features by name; those that are kept in pairs are left out.
        today: The day that windows end with.
        keep: Computes a frame once.
    """
    seen = marked(events, features)
    plain = [cell for name, feature in features.items() for cell in cells(name, feature)]
    parts = [seen.group_by("member").agg(*(picked(cell, within(cell, today)) for cell in plain))] if plain else []
    for name, feature in features.items():
        if state_of(feature) == "rescan":
            pairs = pairs_of(seen, name, feature, today)
            parts.append(valued(name, feature, keep(pairs) if feature.aggregate == "top" else pairs))
    return parts


def within(cell: Cell, today: int) -> nw.Expr:
    """Return the condition under which an event counts in a cell: type, filters and window."""
    found = counted(cell.feature)
    return found if cell.days is None else found & (nw.col("day") > today - cell.days)


def picked(cell: Cell, counts: nw.Expr) -> nw.Expr:
    """Return a cell's value over the events that count."""
    taken = nw.when(counts).then(cell.value)
    if not cell.column:
        return taken.otherwise(None).count().cast(nw.Int64).alias(cell.name)
    if cell.pick == "sum":
        return total(taken.otherwise(nw.lit(0, nw.Int64))).alias(cell.name)
    column = taken.otherwise(None)
    return (column.min() if cell.pick == "min" else column.max()).alias(cell.name)


def pairs_of(seen: Frame, name: str, feature: Feature, today: int) -> Frame:
    """Return how often each value came of the members: feature, member, value (String), n (Int64).

    Args:
        seen: Marked events.
        name: The feature's name.
        feature: One that counts values.
        today: The day that its window ends with.
    """
    counts = counted(feature) & ~nw.col(feature.column).is_null()
    if feature.days is not None:
        counts &= nw.col("day") > today - feature.days
    value = nw.col(feature.column).cast(nw.String).alias("value")
    found = seen.filter(counts).select("member", value, one=nw.lit(1, nw.Int64))
    numbers = found.group_by("member", "value").agg(n=total("one"))
    return numbers.select(nw.lit(name).alias("feature"), "member", "value", "n")


def valued(name: str, feature: Feature, pairs: Frame) -> Frame:
    """Return what a feature makes of its own pairs, which ``top`` reads twice: member, and its column."""
    if feature.aggregate == "distinct":
        return pairs.group_by("member").agg(nw.len().cast(nw.Int64).alias(name))
    most = pairs.group_by("member").agg(n=nw.col("n").max())
    return pairs.join(most, on=["member", "n"]).group_by("member").agg(nw.col("value").min().alias(name))


def assembled(members: Frame, parts: Iterable[Frame], features: Mapping[str, Feature]) -> Frame:
    """Return the state of these members: member and all columns of the features; where nothing counts, zeros."""
    joined = reduce(lambda left, right: left.join(right, on="member", how="left"), parts, members.select("member"))
    return filled(joined, features)


def filled(state: Frame, features: Mapping[str, Feature]) -> Frame:
    """Return member and all columns of the features, with zeros where nothing counts."""
    return state.select("member", *(column for name, feature in features.items() for column in _filled(name, feature)))


def _filled(name: str, feature: Feature) -> list[nw.Expr]:
    sums = {cell.name for cell in cells(name, feature) if cell.pick == "sum"}
    sums |= {name} if feature.aggregate == "distinct" else set()
    columns = state_columns(name, feature)
    return [nw.col(column).fill_null(0) if column in sums else nw.col(column) for column in columns]
