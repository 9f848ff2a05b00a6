"""What changes features from one run to the next: the events that came, and those that left a window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
from attrs import evolve

from siyu.features.build import picked, within
from siyu.features.cells import cells, counted, marked, state_of
from siyu.folds import arrived, held
from siyu.frames import total

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from siyu.config.features import Feature
    from siyu.features.cells import Cell
    from siyu.folds import Fold
    from siyu.kinds import Frame
    from siyu.work import Work

__all__ = ["AGAIN", "ANEW", "LEFT", "NEW", "NOW", "changes", "edges", "moves"]

NEW = "new:"
AGAIN = "again:"
LEFT = "left:"
ANEW = "anew:"
NOW = "now:"


def edges(windows: Iterable[int], before: int, today: int) -> list[tuple[int, int]]:
    """Return the spans of days that some window lost since a day: each after its first number, up to its second."""
    spans = sorted((before - days, today - days) for days in set(windows)) if before < today else []
    merged: list[tuple[int, int]] = []
    for low, high in spans:
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged


def moves(work: Work, fold: Fold, features: Mapping[str, Feature], parted: Frame | None) -> Frame:
    """Return the marked events that came (``came`` is true) or left a window since the fold, of known components.

    Args:
        work: The pass.
        fold: Up to where the features are folded.
        features: The features.
        parted: The raw ids of members who were joined or parted since, whose events are left out; None for none.
    """
    parts = [arrived(work, "events", fold).with_columns(came=nw.lit(value=True))]
    known = held(work, "events", fold)
    for low, high in edges(_windows(features), fold.day, work.view.today):
        left = known.filter(nw.col("day") > low, nw.col("day") <= high)
        parts.append(left.with_columns(came=nw.lit(value=False)))
    found = nw.concat(parts)
    if parted is not None:
        found = found.join(parted, on="member", how="anti")
    return work.keep(work.view.resolve(marked(found, features, "came")))


def _windows(features: Mapping[str, Feature]) -> list[int]:
    """Return the lengths of all windows; a lifetime loses nothing."""
    windows = [cell.days for name, feature in features.items() for cell in cells(name, feature)]
    windows += [feature.days for feature in features.values() if state_of(feature) == "rescan"]
    return [days for days in windows if days is not None]


def changes(moved: Frame, features: Mapping[str, Feature], before: int, today: int) -> Frame:
    """Return what moves do to the members' columns: member, and others with ``new:`` before their names.

    - for a cell that adds up, its change;
    - for one that compares, the best value that came, and with ``left:`` the best one that left;
    - for a feature that looks again, with ``again:`` whether anything that counts in it moved.
    """
    columns = [column for name, one in features.items() for column in _changes(name, one, before, today)]
    # Also where all features are kept in pairs, each member who moved has a row.
    found = moved.group_by("member").agg(nw.len().alias("rows"), *columns)
    names = found.collect_schema().names()
    return found.rename({name: NEW + name for name in names if name != "member"})


def _changes(name: str, feature: Feature, before: int, today: int) -> list[nw.Expr]:
    if state_of(feature) == "rescan":
        return [_stirred(name, feature, before, today)]
    own = cells(name, feature)
    if state_of(feature) == "sum":
        return [_sum(cell, before, today) for cell in own]
    came = [picked(cell, nw.col("came") & within(cell, today)) for cell in own]
    gone = [evolve(cell, name=LEFT + cell.name) for cell in own if cell.days is not None]
    return [*came, *(picked(cell, _left(cell.feature, cell.days or 0, before, today)) for cell in gone)]


def _left(feature: Feature, days: int, before: int, today: int) -> nw.Expr:
    day = nw.col("day")
    return ~nw.col("came") & counted(feature) & (day > before - days) & (day <= today - days)


def _sum(cell: Cell, before: int, today: int) -> nw.Expr:
    nothing = nw.lit(0, nw.Int64)
    less = nothing
    if cell.days is not None:
        left = _left(cell.feature, cell.days, before, today)
        less = nw.when(left).then(nothing - cell.value).otherwise(nothing)
    more = nw.when(nw.col("came") & within(cell, today)).then(cell.value).otherwise(less)
    return total(more).alias(cell.name)


def _stirred(name: str, feature: Feature, before: int, today: int) -> nw.Expr:
    days = feature.days or 0
    came = nw.col("came") & counted(feature) & (nw.col("day") > today - days)
    moved = (came | _left(feature, days, before, today)) & ~nw.col(feature.column).is_null()
    return nw.when(moved).then(nw.lit(1, nw.Int64)).otherwise(0).max().alias(AGAIN + name)
