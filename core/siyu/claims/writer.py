"""The one writer of grants: what facts earn in a run, and claims as they come, settled under one lock."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import narwhals as nw

from siyu.claims.ahead import Earnings
from siyu.claims.books import Books
from siyu.claims.bounds import budgets
from siyu.claims.earned import LINE
from siyu.claims.moves import pending
from siyu.claims.reopening import reopened
from siyu.kinds import Incentive

if TYPE_CHECKING:
    from collections.abc import Callable

    from siyu.claims.desk import Desk
    from siyu.claims.lines import Claim, Line, Payment
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
        self._given = False
        self.run: int | None = None

    def forget(self) -> None:
        """Let the next settlement open the desk anew: after a failure, or a merge."""
        self._desk = self._books = self.run = None
        self._given = False

    def go_on(self, work: Work) -> None:
        """Go on after a pass was committed: who meets a condition is looked up anew, and the desk stays.

        It is opened anew where another id stands for a member, or where facts gave what its counters count too.
        """
        if self._given or "canon" in work.state or "canon" in work.merged:
            self.forget()
        elif self._books is not None:
            self._books.renew()

    def desk(self, view: Callable[[], View], *, shared: bool = True) -> Desk:
        """Return the desk over a view's ledger; one of its own for a plan, which must leave no trace.

        Args:
            view: Returns the view; it is only asked for where something has to be looked up.
            shared: Whether it is the desk that survives this batch.
        """
        zone = self._programme.brand.zone
        if not shared:
            return reopened(self._programme, self._key, Books(view, zone))
        if self._desk is None or self._books is None:
            self._books = Books(view, zone)
            self._desk = reopened(self._programme, self._key, self._books)
        self._books.looking = view
        return self._desk

    def _counted(self, work: Work, new: Frame) -> bool:
        """Return whether any of the lines that facts earned may be in a ledger whose counters the desk keeps."""
        incentives = self._programme.of(Incentive)
        names = [one.name for one in incentives if one.terms() or budgets(self._programme, one)]
        return bool(names) and work.some(new.filter(nw.col("incentive").is_in(names)))

    @staticmethod
    def _waiting(view: View, desk: Desk) -> list[Claim | Payment]:
        """Return all that has no answer yet, also what had a moment to come when the desk last looked at the log."""
        seen, desk.seen = desk.seen, 0
        moves = pending(view, desk)
        desk.seen = seen
        return moves

    def settle(self, work: Work, *, shared: bool, ahead: Earnings | None = None) -> Frame:
        """Decide the claims that wait and what facts earn; return the new lines of all ledgers.

        Every incentive sees what was settled before it in this pass.

        Args:
            work: The pass.
            shared: Whether the desk survives it; False for a plan.
            ahead: What facts earn, as far as it is settled already.
        """
        earnings = ahead or Earnings.ahead(work, work.session.store.last)
        desk = self.desk(lambda: work.view, shared=shared)
        decided = [*desk.decide(self._waiting(work.view, desk)), *desk.wind_up(work.run.now)]
        lines = earnings.renewed([work.keep(lines_frame(work, decided))] if decided else [])
        self._given |= shared and any(self._counted(work, new) for new in earnings.lines.values() if new is not None)
        return work.view.grants.select(*LINE).head(0) if lines is None else lines


def lines_frame(work: Work, lines: list[Line]) -> Frame:
    """Return lines as a frame of the ledger's columns."""
    columns = {name: [getattr(line, name) for line in lines] for name in LINE}
    return work.session.engine.frame(columns, LINE)
