"""Whom a tick looks at: the members of whom something new is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.components import together

if TYPE_CHECKING:
    from siyu.kinds import Frame
    from siyu.work import Work

__all__ = ["scope_of"]

_PASSES = ["run", "tick"]


def scope_of(work: Work) -> Frame | None:
    """Return the raw ids of members with events that neither a run nor a tick saw: member; None for nobody.

    A pass saw the log up to its watermark, and what it brought in itself, but nothing later than its moment: the
    clocks of those who send events may be ahead.
    """
    passes = work.session.table("runs").filter(nw.col("kind").is_in(_PASSES))
    known = work.session.engine.rows(passes.select(nw.col("watermark", "now").max()))[0]
    seen, last = (value or 0 for value in known)
    own = passes.select(run=nw.col("id"))
    events = work.session.table("events").filter(nw.col("second") <= work.run.now)
    unread = events.filter(nw.col("seq") > seen).join(own, on="run", how="anti")
    come = events.filter(nw.col("second") > last)
    members = work.keep(nw.concat([unread.select("member"), come.select("member")]).unique())
    if not work.some(members):
        return None
    return work.keep(together(work.session.table("canon"), members))
