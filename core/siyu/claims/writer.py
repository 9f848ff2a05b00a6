"""The one writer of grants: what facts earn in a run, and claims as they come, settled under one lock."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import narwhals as nw

from siyu.claims.books import Books
from siyu.claims.earned import LINE, earn
from siyu.claims.moves import pending
from siyu.claims.reopening import reopened
from siyu.kinds import Incentive

if TYPE_CHECKING:
    from siyu.claims.desk import Desk, Line
    from siyu.config.programme import Programme
    from siyu.kinds import Frame
    from siyu.view import View
    from siyu.work import Work

__all__ = ["GrantWriter", "lines_frame"]


class GrantWriter:
    """Holds the claims desk, which survives from one batch to the next.

    Attributes:
        lock: Held by whoever settles, from the first look at the ledger to the commit.
        run: The run that the claims of this desk are recorded under; None until the first.
    """

    def __init__(self, programme: Programme, key: str) -> None:
        """Start without a desk; the first settlement opens it from the ledger."""
        self.lock = threading.Lock()
        self._programme = programme
        self._key = key
        self._desk: Desk | None = None
        self._books: Books | None = None
        self.run: int | None = None

    def forget(self) -> None:
        """Let the next settlement open the desk anew: after a failure, a merge, or a run."""
        self._desk = self._books = self.run = None

    def desk(self, view: View, *, shared: bool = True) -> Desk:
        """Return the desk over a view's ledger; one of its own for a plan, which must leave no trace."""
        zone = self._programme.brand.zone
        if not shared:
            return reopened(self._programme, self._key, Books(view, zone))
        if self._desk is None or self._books is None:
            self._books = Books(view, zone)
            self._desk = reopened(self._programme, self._key, self._books)
        self._books.view = view
        return self._desk

    def settle(self, work: Work, *, shared: bool) -> Frame:
        """Decide the claims that wait and what facts earn; return the new lines of all ledgers.

        Every incentive sees what was settled before it in this pass.
        """
        stored = work.view.grants
        desk = self.desk(work.view, shared=shared)
        decided = [*desk.decide(pending(work.view, desk)), *desk.wind_up(work.run.now)]
        parts = [work.keep(lines_frame(work, decided))] if decided else []
        for incentive in work.components(Incentive):
            ledger = nw.concat([part.select(*LINE) for part in (stored, *parts)])
            work.view = work.view.having(grants=_numbered(stored, parts))
            new = earn(work, incentive, ledger)
            parts += [] if new is None else [new]
        return work.keep(nw.concat(parts)) if parts else stored.select(*LINE).head(0)


def _numbered(stored: Frame, parts: list[Frame]) -> Frame:
    blank = [part.with_columns(seq=nw.lit(None).cast(nw.Int64), run=nw.lit(None).cast(nw.Int64)) for part in parts]
    return nw.concat([stored.select(*LINE, "seq", "run"), *blank])


def lines_frame(work: Work, lines: list[Line]) -> Frame:
    """Return lines as a frame of the ledger's columns."""
    columns = {name: [getattr(line, name) for line in lines] for name in LINE}
    return work.session.engine.frame(columns, LINE)
