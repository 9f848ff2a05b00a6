"""Revisions: of the rows of one id the newest counts, and the earlier ones stay in the log.

Which rows no longer count is state, the table ``superseded``; a row of a log is never touched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import cast_like
from siyu.tables import STATE, TABLES

if TYPE_CHECKING:
    from siyu.folds import Fold
    from siyu.kinds import Frame
    from siyu.relations import Tables
    from siyu.stores.session import Session
    from siyu.work import Work

__all__ = ["KEYS", "counting", "revise", "revised_since", "standing", "superseded", "whole"]

KEYS = {"events": "id", "items": "event"}
"""The logs whose rows may be revised, and what the rows of one fact have in common."""


def standing(session: Session, tables: Tables) -> Tables:
    """Return tables without the rows that no longer count."""
    if not session.holds("superseded"):
        return tables
    return tables | {log: tables[log].join(_stored(session, log), on="seq", how="anti") for log in KEYS}


def counting(work: Work, log: str, frame: Frame) -> Frame:
    """Leave out the rows of a log that no longer count, those that this pass revised included."""
    for gone in (*_known(work, log), *work.superseded.get(log, ())):
        frame = frame.join(gone, on="seq", how="anti")
    return frame


def revise(work: Work, log: str, keys: Frame, low: int | None = None) -> None:
    """Let the newest rows of some keys count alone, for the later stages of this pass.

    Args:
        work: The pass; the newest rows are staged already.
        log: The log.
        keys: The keys: one column, as in ``KEYS``; kept.
        low: The least ``seq`` of the newest rows, where a fact has many of them; None where it has one.
    """
    gone = work.keep(superseded(whole(work, log), log, keys, low).select(seq=nw.col("row")))
    work.superseded.setdefault(log, []).append(gone)
    work.revised.setdefault(log, []).append((len(work.staged[log]) - 1, keys))
    work.show(log)


def superseded(rows: Frame, log: str, keys: Frame, low: int | None = None) -> Frame:
    """Return the rows of some keys that later ones revise: the columns of ``superseded``."""
    key = KEYS[log]
    own = rows.join(keys, on=key, how="semi").select(key, "seq")
    if low is None:
        newest = own.group_by(key).agg(last=nw.col("seq").max())
        gone = own.join(newest, on=key).filter(nw.col("seq") < nw.col("last"))
    else:
        gone = own.filter(nw.col("seq") < low)
    return gone.select(log=nw.lit(log), key=nw.col(key), row=nw.col("seq"))


def revised_since(work: Work, fold: Fold) -> Frame | None:
    """Return the raw ids of the members of whom an event was revised since a fold: member; None where none was."""
    own = [ids for _, ids in work.revised.get("events", ())]
    if not own and not work.session.holds("superseded"):
        return None
    parts = [work.session.table("superseded").filter(nw.col("log") == "events").select(id="key")]
    keys = work.keep(nw.concat([*parts, *own]).unique())
    if not work.some(keys):
        return None
    # What came since is told from the end of the log; only where there is some, its earlier versions are looked for.
    rows = whole(work, "events")
    later = rows.filter(nw.col("seq") > fold.watermark).filter(~fold.inside)
    fresh = work.keep(later.join(keys, on="id", how="semi").select("id").unique())
    if not work.some(fresh):
        return None
    return work.keep(rows.join(fresh, on="id", how="semi").select("member").unique())


def whole(work: Work, log: str) -> Frame:
    """Return all rows of a log, with those of this pass, and those that no longer count."""
    stored = cast_like(work.session.table(log), TABLES[log].schema)
    return nw.concat([stored, *work.staged.get(log, ())])


def _known(work: Work, log: str) -> list[Frame]:
    if log not in KEYS or not work.session.holds("superseded"):
        return []
    return [_stored(work.session, log)]


def _stored(session: Session, log: str) -> Frame:
    known = cast_like(session.table("superseded"), STATE["superseded"].columns)
    return known.filter(nw.col("log") == log).select(seq="row")
