"""The state of features brought forward from the last run's by what changed since."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

import narwhals as nw
from attrs import frozen

from siyu.features.build import assembled, compute, filled, pairs_of
from siyu.features.cells import Cell, cells, state_columns, state_of
from siyu.features.moves import AGAIN, ANEW, LEFT, NEW, NOW, changes
from siyu.frames import cast_like, total

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from siyu.config.features import Feature
    from siyu.kinds import Frame
    from siyu.work import Work

__all__ = ["Forward"]


@frozen
class Forward:
    """Brings members forward whom nobody joined or parted.

    Attributes:
        work: The pass.
        features: The features by name; the state has all of them, as they are defined now.
        before: The day that the state's windows end with.
        old: The state: member and the features' columns.
        moved: The marked events that came or left, kept.
    """

    work: Work
    features: Mapping[str, Feature]
    before: int
    old: Frame
    moved: Frame

    def fresh(self, members: Frame, pairs: Mapping[str, Frame]) -> Frame:
        """Return the state today of the members of whom something came or left, and of new ones.

        Args:
            members: All members, or all of whom something came: member.
            pairs: What came of the features that are kept in pairs: member, and the feature's column.
        """
        changed = changes(self.moved, self.features, self.before, self.work.view.today)
        both = changed.join(self.old, on="member", how="left")
        merged = self.work.keep(both.select("member", *self._merged()))
        anew = self._looked_again(merged)
        told = [values.rename({name: NOW + name}) for name, values in pairs.items()]
        # Joined last: each statement that keeps a frame has all frames before it bound anew.
        joined = reduce(lambda left, right: left.join(right, on="member", how="left"), [*anew, *told], merged)
        found = joined.select("member", *self._chosen(set(joined.collect_schema().names())))
        # Of new members nothing may count yet; all others have a row.
        new = members.join(merged, on="member", how="anti").join(self.old, on="member", how="anti")
        return filled(nw.concat([found, cast_like(new, found.collect_schema())]), self.features)

    def pairs(self, name: str, feature: Feature, stored: Frame) -> tuple[Frame, Frame]:
        """Return all pairs of the members of whom one came, for a feature that is kept in pairs, and these members.

        Args:
            name: The feature's name.
            feature: The feature.
            stored: The pairs of the state.

        Returns:
            Rows of ``pairs``, kept; and feature, member, kept.
        """
        came = self.work.keep(pairs_of(self.moved.filter(nw.col("came")), name, feature, self.work.view.today))
        touched = self.work.keep(came.select("feature", "member").unique())
        known = stored.filter(nw.col("feature") == name).join(touched, on="member", how="semi")
        both = nw.concat([known.select("feature", "member", "value", "n"), came])
        numbers = both.group_by("member", "value").agg(n=total("n"))
        return self.work.keep(numbers.select(nw.lit(name).alias("feature"), "member", "value", "n")), touched

    def _merged(self) -> list[nw.Expr]:
        found: list[nw.Expr] = []
        for name, feature in self.features.items():
            state = state_of(feature)
            if state == "pairs":
                found.append(nw.col(name))
            elif state == "rescan":
                found += [nw.col(name), (nw.col(f"{NEW}{AGAIN}{name}") > 0).alias(AGAIN + name)]
            elif state == "sum":
                found += [_added(cell) for cell in cells(name, feature)]
            else:
                found += [one for cell in cells(name, feature) for one in _compared(cell)]
        return found

    def _looked_again(self, merged: Frame) -> list[Frame]:
        """Return what only a window's events can tell, of the members of whom it must be computed anew.

        Each frame has member, and ``anew:`` with the names of its features.
        """
        windows: dict[int, dict[str, Feature]] = {}
        found: list[Frame] = []
        for name, feature in self.features.items():
            if _looks(name, feature):
                windows.setdefault(feature.days or 0, {})[name] = feature
        for days, features in windows.items():
            flags = reduce(or_, (nw.col(AGAIN + name) for name in features))
            some = self.work.keep(merged.filter(flags).select("member"))
            if self.work.some(some):
                parts = compute(self._windowed(some, days), features, self.work.view.today, self.work.keep)
                found.append(assembled(some, parts, features).rename({name: ANEW + name for name in features}))
        return found

    def _chosen(self, known: Collection[str]) -> Iterator[nw.Expr]:
        """Yield the columns of the state: what was computed anew, or told by pairs, before what was merged."""
        for name, feature in self.features.items():
            for column in state_columns(name, feature):
                if ANEW + column in known:
                    anew = nw.when(nw.col(AGAIN + column)).then(nw.col(ANEW + column))
                    yield anew.otherwise(nw.col(column)).alias(column)
                elif NOW + column in known:
                    yield nw.coalesce(NOW + column, column).alias(column)
                else:
                    yield nw.col(column)

    def _windowed(self, some: Frame, days: int) -> Frame:
        """Return the events of some members within a window."""
        view = self.work.view
        events = view.raw["events"].filter(nw.col("day") > view.today - days, nw.col("second") <= view.now)
        return view.resolve(events.join(view.together(some), on="member", how="semi"))


def _looks(name: str, feature: Feature) -> bool:
    """Return whether a feature's one column has to be told by a window's events now and then."""
    compared = any(cell.pick != "sum" and cell.days is not None for cell in cells(name, feature))
    return state_of(feature) == "rescan" or compared


def _added(cell: Cell) -> nw.Expr:
    return (nw.col(cell.name).fill_null(0) + nw.col(NEW + cell.name)).alias(cell.name)


def _compared(cell: Cell) -> list[nw.Expr]:
    """Return the better of what was and what came; and whether what was left, and nothing as good came."""
    old, came = nw.col(cell.name), nw.col(NEW + cell.name)
    better = nw.min_horizontal(old, came) if cell.pick == "min" else nw.max_horizontal(old, came)
    if cell.days is None:
        return [better.alias(cell.name)]
    replaced = came <= old if cell.pick == "min" else came >= old
    gone = (nw.col(NEW + LEFT + cell.name) == old).fill_null(value=False)
    return [better.alias(cell.name), (gone & ~replaced.fill_null(value=False)).alias(AGAIN + cell.name)]
