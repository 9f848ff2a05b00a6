"""Retention: declared fields and attributes are not only hidden once they are older than they may be, but purged.

A run purges the store in its commit, and notes up to when. What is handed in again is cut to what was kept at that
moment, so that an old file neither brings back what was purged, nor contradicts what is left of it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import narwhals as nw
from attrs import asdict, frozen

from siyu.stages.fields import allowed

if TYPE_CHECKING:
    from siyu.config.privacy import Attribute, Field
    from siyu.kinds import Frame
    from siyu.stores.writing import Writer
    from siyu.work import Work

__all__ = ["Purge", "cut", "purge"]

_FACT = "purged"


@frozen
class Purge:
    """What was purged up to when.

    Attributes:
        now: The moment of it.
        seq: The last row of the log that it looked at.
        keeps: For how many seconds declared fields and attributes were kept, of those that state it.
    """

    now: int
    seq: int
    keeps: dict[str, int]

    @property
    def bounds(self) -> list[int]:
        """The spans for which anything is kept, the longest first."""
        return sorted({*self.keeps.values()}, reverse=True)


def purge(work: Work, writer: Writer) -> None:
    """Purge from the store what is older than it may be, in the commit of a run: of events and of members.

    Only events are looked at whose time has come since the last purge, or that came since.
    """
    programme = work.programme
    declared: list[tuple[str, Attribute | Field]] = [*programme.fields.items(), *programme.attributes.items()]
    keeps = {name: one.keep.seconds for name, one in declared if one.keep is not None}
    last, new = _last(work), Purge(work.run.now, writer.last, keeps)
    if not keeps or work.run.kind != "run" or (last is not None and last.now > new.now):
        return
    rows = work.session.table("events").filter(_due(new, last)).select("seq", "type", "second", "props")
    found = _overdue(work, rows, new)
    if found is not None and work.some(found):
        writer.reprop(found.select("seq", "props"))
        work.count("purged", found)
    for name, one in programme.attributes.items():
        if one.keep is not None:
            writer.blank("members", name, new.now - one.keep.seconds)
    writer.note(_FACT, json.dumps(asdict(new)))


def cut(work: Work, rows: Frame) -> Frame:
    """Cut prepared events to what was kept at the last purge."""
    last = _last(work)
    if last is None or "props" not in rows.collect_schema().names():
        return rows
    found = _overdue(work, rows.select("_row", "type", "second", "props"), last)
    if found is None or not work.some(found):
        return rows
    new = found.select("_row", _props=nw.col("props"), _cut=nw.lit(value=True))
    both = rows.join(new, on="_row", how="left")
    left = nw.when(nw.col("_cut").fill_null(value=False)).then(nw.col("_props")).otherwise(nw.col("props"))
    return work.keep(both.with_columns(left.alias("props")).sort("_row").drop("_row", "_props", "_cut"), "_row")


def _last(work: Work) -> Purge | None:
    found = work.session.stored("meta", ("value",), name=_FACT)
    return Purge(**json.loads(found[0][0])) if found else None


def _due(new: Purge, last: Purge | None) -> nw.Expr:
    """Return which events may have something to purge: all of them where other spans hold than before."""
    whole = last is None or last.keeps != new.keeps
    due = nw.lit(value=False) if last is None or whole else nw.col("seq") > last.seq
    for bound in new.bounds:
        old = nw.col("second") <= new.now - bound
        due = due | (old if last is None or whole else old & (nw.col("second") > last.now - bound))
    return due


def _overdue(work: Work, rows: Frame, at: Purge) -> Frame | None:
    """Return rows with the keys of their ``props`` that are no longer kept taken out; None where there are none.

    A key goes at the very second at which it stops being used: where its event is as old as it may be kept, or older.
    """
    names, found = allowed(work), []
    for place, bound in enumerate(at.bounds):
        # Those older than this span, and not than the next longer one.
        span = nw.col("second") <= at.now - bound
        if place:
            span = span & (nw.col("second") > at.now - at.bounds[place - 1])
        gone = {name for name, keep in at.keeps.items() if keep <= bound}
        stay = {kind: known - _meant(work, kind, gone) for kind, known in names.items()}
        picked = work.session.engine.picked(rows.filter(span & ~nw.col("props").is_null()), "props", "type", stay)
        found.append(picked.filter(nw.col("dropped") > 0).drop("dropped", "dropped_names"))
    return work.keep(nw.concat(found)) if found else None


def _meant(work: Work, kind: str, gone: set[str]) -> set[str]:
    """Return which names are meant of a type's fields: attributes as they are declared, fields by their ``events``."""
    fields, attributes = work.programme.fields, work.programme.attributes
    own = {name for name in gone if kind == "profiled" and name in attributes}
    stated = {name for name in gone if name in fields and (not fields[name].events or kind in fields[name].events)}
    return (own | stated) - set(work.registry.events[kind].props)
