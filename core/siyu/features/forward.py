"""The state of features brought forward from the last run's by what changed since."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

import narwhals as nw
from attrs import frozen

from siyu.components import together
from siyu.features.build import assembled, compute, filled, pairs_of
from siyu.features.cells import Cell, cells, state_of
from siyu.features.moves import AGAIN, LEFT, NEW, changes
from siyu.frames import cast_like, total

if TYPE_CHECKING:
    from collections.abc import Mapping

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
        changed = self.work.keep(changes(self.moved, self.features, self.before, self.work.view.today))
        both = changed.join(self.old, on="member", how="left")
        merged = self._looked_again(self.work.keep(both.select("member", *self._merged())))
        for name, values in pairs.items():
            found = merged.join(values.rename({name: "__now"}), on="member", how="left")
            merged = found.with_columns(nw.coalesce("__now", name).alias(name)).drop("__now")
        # Of new members nothing may count yet; all others have a row.
        new = members.join(changed, on="member", how="anti").join(self.old, on="member", how="anti")
        schema = merged.collect_schema()
        return filled(nw.concat([merged, cast_like(new, schema)]), self.features)

    def pairs(self, name: str, feature: Feature, stored: Frame) -> Frame:
        """Return all pairs of the members of whom one came, for a feature that is kept in pairs; kept.

        Args:
            name: The feature's name.
            feature: The feature.
            stored: The pairs of the state.
        """
        came = self.work.keep(pairs_of(self.moved.filter(nw.col("came")), name, feature, self.work.view.today))
        known = stored.filter(nw.col("feature") == name).join(came.select("member").unique(), on="member", how="semi")
        both = nw.concat([known.select("feature", "member", "value", "n"), came])
        return self.work.keep(both.group_by("feature", "member", "value").agg(n=total("n")))

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

    def _looked_again(self, merged: Frame) -> Frame:
        """Compute anew what only a window's events can tell, for the members of whom it must be."""
        windows: dict[int, dict[str, Feature]] = {}
        for name, feature in self.features.items():
            if _looks(name, feature):
                windows.setdefault(feature.days or 0, {})[name] = feature
        for days, features in windows.items():
            flags = reduce(or_, (nw.col(AGAIN + name) for name in features))
            some = self.work.keep(merged.filter(flags).select("member"))
            if self.work.some(some):
                merged = self._anew(merged, some, days, features)
        return merged

    def _anew(self, merged: Frame, some: Frame, days: int, features: Mapping[str, Feature]) -> Frame:
        """Put what some members' events within a window make of features in the place of what is not known."""
        parts = compute(self._windowed(some, days), features, self.work.view.today, self.work.keep)
        anew = assembled(some, parts, features).rename({name: f"anew:{name}" for name in features})
        joined = merged.join(anew, on="member", how="left")
        return joined.with_columns(*(_chosen(name) for name in features))

    def _windowed(self, some: Frame, days: int) -> Frame:
        """Return the events of some members within a window."""
        view = self.work.view
        events = view.raw["events"].filter(nw.col("day") > view.today - days, nw.col("second") <= view.now)
        return view.resolve(events.join(together(view.raw["canon"], some), on="member", how="semi"))


def _looks(name: str, feature: Feature) -> bool:
    """Return whether a feature's one column has to be told by a window's events now and then."""
    compared = any(cell.pick != "sum" and cell.days is not None for cell in cells(name, feature))
    return state_of(feature) == "rescan" or compared


def _chosen(name: str) -> nw.Expr:
    return nw.when(nw.col(AGAIN + name)).then(nw.col(f"anew:{name}")).otherwise(nw.col(name)).alias(name)


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
