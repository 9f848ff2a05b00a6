"""Up to where state is folded: which rows of the log it has in it, at which moment, and by which definitions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import narwhals as nw
from attrs import field, frozen

from siyu.frames import cast_like
from siyu.revisions import counting
from siyu.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from siyu.kinds import Frame
    from siyu.stores.session import Session
    from siyu.work import Work

__all__ = ["Fold", "arrived", "came", "definition", "fold_of", "held", "may_have_arrived"]


@frozen
class Fold:
    """What a state was made of.

    Attributes:
        watermark: The last ``seq`` of the snapshot that it was made on.
        low: The first ``seq`` of what its own run brought in besides.
        high: The last one; less than ``low`` where the run brought nothing.
        now: Its moment: of all these rows, those after it are not in the state yet.
        day: The day of that moment, which windows ended with.
        definitions: What each part of the state is, by name.
    """

    watermark: int
    low: int
    high: int
    now: int
    day: int
    definitions: Mapping[str, str] = field(factory=dict)

    @property
    def inside(self) -> nw.Expr:
        """Whether a stored row is one of those that the state was made of, its moment aside."""
        own = (nw.col("seq") >= self.low) & (nw.col("seq") <= self.high)
        return (nw.col("seq") <= self.watermark) | own


def fold_of(session: Session, state: str) -> Fold | None:
    """Return up to where a table of state is folded; None where it never was."""
    rows = [row for row in session.folds() if row["state"] == state]
    if not rows:
        return None
    parts = {row["name"]: row["definition"] for row in rows}
    return Fold(**{name: rows[0][name] for name in ("watermark", "low", "high", "now", "day")}, definitions=parts)


def definition(**parts: object) -> str:
    """Write what a part of state is, so that another one is told from it."""
    return json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)


def arrived(work: Work, table: str, fold: Fold) -> Frame:
    """Return the rows of a log that are not in the state and not after the run's moment, those of this run included.

    Asked for in parts, so that each reads only the end of the log: rows that came since, and those whose moment has
    come since.
    """
    stored = counting(work, table, cast_like(work.session.table(table), TABLES[table].schema))
    later = stored.filter(nw.col("seq") > fold.watermark, ~fold.inside, nw.col("second") <= work.run.now)
    due = stored.filter(nw.col("second") > fold.now, nw.col("second") <= work.run.now, fold.inside)
    own = [counting(work, table, part).filter(nw.col("second") <= work.run.now) for part in work.staged.get(table, ())]
    return nw.concat([later, due, *own])


def came(work: Work, logs: Sequence[str], fold: Fold) -> bool:
    """Return whether any row came into some logs that is not in a state, those of this run included."""
    own = (fold.low, fold.high)
    return any(work.staged.get(log) or work.session.grew(log, fold.watermark, own) for log in logs)


def may_have_arrived(work: Work, fold: Fold, types: Collection[str] | None = None) -> bool:
    """Return whether ``arrived`` may have events of some types, or any: to ask takes a fraction of making its frame."""
    return came(work, ["events"], fold) or work.session.happened(types, fold.now, work.run.now)


def held(work: Work, table: str, fold: Fold) -> Frame:
    """Return the rows of a log that are in the state."""
    stored = counting(work, table, cast_like(work.session.table(table), TABLES[table].schema))
    return stored.filter(fold.inside, nw.col("second") <= fold.now)
