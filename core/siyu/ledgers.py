"""Ledgers by hand: statements, closed months, reversals, and the audit of all of it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import narwhals as nw
from attrs import frozen

from siyu.claims.moves import pending
from siyu.claims.writer import lines_frame
from siyu.components import component
from siyu.errors import UserError
from siyu.frames import distinct
from siyu.kinds import Incentive
from siyu.ledger.audit import Audit, audited
from siyu.ledger.choosing import chosen
from siyu.ledger.closing import closing
from siyu.ledger.months import Month, closable, closed
from siyu.ledger.reversing import Reversal, reversals, summed
from siyu.ledger.statement import Statement, stated
from siyu.members import Members
from siyu.moments import DISTANT, midnight, moment
from siyu.stages.record import record
from siyu.tables import TABLES

if TYPE_CHECKING:
    from siyu.kinds import Frame
    from siyu.ledger.choosing import Choice
    from siyu.passes import Moment
    from siyu.view import View
    from siyu.work import Work

__all__ = ["Closing", "Ledgers"]

MOST = 1000
"""How many lines a statement shows unless more are asked for."""


@frozen
class Closing:
    """A closed month.

    Attributes:
        month: The month, as ``2026-11``.
        new: Whether it was closed just now; else it is shown as it was stored.
        rows: Its statement, by incentive and place: the columns of the table ``closings``.
    """

    month: str
    new: bool
    rows: list[dict[str, object]]


class Ledgers(Members):
    """A brand's ledgers, as people look at them, close them and undo what was wrong."""

    def ledger(  # noqa: PLR0913 - by name, each an option
        self,
        of: str | int,
        *,
        incentive: str = "",
        item: str = "",
        since: Moment = None,
        until: Moment = None,
        most: int = MOST,
        now: Moment = None,
        by: str = "",
    ) -> Statement:
        """Return the statement of a member or an incentive: lines with their balance, in the order of time.

        Args:
            of: A member (an outside id or a number), or an incentive's name.
            incentive: Of a member's lines, those of this incentive alone.
            item: The lines of this item alone.
            since: The first moment of the lines that are shown; those before it are in the balances.
            until: The moment from which on none is shown; of a day, the last one that is shown.
            most: How many lines are shown at most, the last ones.
            now: The moment of what can be used, and what later.
            by: Who looks at a member's; kept in ``accesses``, as whoever runs the program where it is empty.

        Raises:
            UserError: There is neither such an incentive nor such a member.
        """
        with self.store.opened() as session:
            view = self.view(session, self._second(now))
            lines, number = self._lines(view, of, incentive)
            lines = lines.filter(nw.col("item") == item) if item else lines
            span = self._span(since, until)
            found = stated(view, self.programme, self.registry.events, lines, span, most)
        if number is not None:
            self._accessed("ledger", number, by, now)
        return found

    def audit(self, *, now: Moment = None) -> Audit:
        """Recompute every ledger from the events, and compare: see ``siyu.ledger.audit``."""
        with self.store.opened() as session, session.reading():
            return audited(self._work(session, "plan", now), self._key)

    def reverse(  # noqa: PLR0913 - one argument for each option
        self,
        *,
        by: str,
        reason: str,
        campaign: str = "",
        incentive: str = "",
        item: str = "",
        since: Moment = None,
        until: Moment = None,
        debt: bool = False,
        plan: bool = False,
        now: Moment = None,
    ) -> list[Reversal]:
        """Undo what an incentive, or all incentives of a campaign, gave: line by line, and each line once.

        Args:
            by: Who does it.
            reason: Why.
            campaign: The campaign that the incentives are ``during``; or
            incentive: the incentive. What it gave by other ledgers is undone with it.
            item: Only what it gave of this item.
            since: Only lines from this moment on.
            until: Only lines before this moment; of a day, up to its end.
            debt: Whether to take what is spent, handed on or expired too, so that it is owed; else only what is left.
            plan: True to show what it would do, and do nothing.
            now: The moment of it.

        Returns:
            What it did, or would do, by incentive and item; said again, it finds nothing more to do.

        Raises:
            UserError: There is no such campaign, incentive, or person who does it.
        """
        if not (by.strip() and reason.strip()):
            raise UserError("say who reverses it, and why: both are kept in the log")
        begin, end = self._span(since, until)
        choice = chosen(self.programme, campaign=campaign, incentive=incentive, item=item, since=begin, until=end)
        if plan:
            with self._pass("plan", now) as work, work.session.reading():
                return summed(work, reversals(work, choice, work.view.grants, debt=debt, reason=f"{reason} ({by})"))
        with self._grants.lock, self._pass("control", now) as work:
            try:
                with work.session.reading():
                    decided = self._decided(work)
                    ledger = nw.concat([_of(work.view.grants), _of(decided)])
                    undone = reversals(work, choice, ledger, debt=debt, reason=f"{reason} ({by})")
                    told = summed(work, undone)
                self._undo(work, choice, [decided, undone], by, reason)
            finally:
                # The claims desk is opened anew, over what was undone.
                self._grants.forget()
        return told

    def close_month(self, month: str, *, now: Moment = None) -> Closing:
        """Close a month: its statement by place and incentive is stored, and no later event changes it.

        Args:
            month: The month, as ``2026-11``; months are closed in order, the first one may be any.
            now: The moment of it, after the month and after a run that looked at all of it.

        Returns:
            The statement; of a month that is closed, as it was stored.

        Raises:
            UserError: It is no month, not its turn or not over, or no run has looked at all of it.
        """
        asked = Month.parse(month)
        with self._grants.lock, self._pass("control", now) as work:
            with work.session.reading() as last:
                before = closed(work.view)
                new = asked not in [one.month for one in before]
                if new:
                    newest = before[-1] if before else None
                    until = closable(work.view, asked, newest, self.programme.brand.zone)
                    rows = work.keep(closing(work.view, self.programme, asked, until, newest, last))
            if new:
                with work.session.writing(work.run.id) as writer:
                    writer.append("closings", rows)
                    record(work, writer)
        return Closing(str(asked), new, self.closings(str(asked)))

    def closings(self, month: str = "") -> list[dict[str, object]]:
        """Return the stored statements of a month, or of all: the columns of the table ``closings``."""
        columns = list(TABLES["closings"].columns)
        with self.store.opened() as session:
            frame = session.table("closings").filter(nw.col("month") == month) if month else session.table("closings")
            found = session.engine.rows(frame.sort("month", "incentive", "place").select(*columns))
        return [dict(zip(columns, row, strict=True)) for row in found]

    def _lines(self, view: View, of: str | int, incentive: str) -> tuple[Frame, int | None]:
        """Return the lines of an incentive or of a member, and of which member."""
        names = {one.name for one in self.programme.of(Incentive)}
        names |= {name for (name,) in view.rows(distinct(view.grants, "incentive"))}
        if incentive and incentive not in names:
            raise UserError(f"there is no incentive '{incentive}'; there is {', '.join(sorted(names)) or 'none'}")
        if of in names:
            return view.grants.filter(nw.col("incentive") == of), None
        try:
            number, _ = component(view, self.number(of))
        except UserError as error:
            known = ", ".join(sorted(names)) or "there is none"
            raise UserError(f"'{of}' is no incentive ({known}); {error}") from None
        mine = view.grants.filter(nw.col("member") == number)
        return (mine.filter(nw.col("incentive") == incentive) if incentive else mine), number

    def _span(self, since: Moment, until: Moment) -> tuple[int, int]:
        """Return the first second, and the first second after it; a last day is meant with its end."""
        zone = self.programme.brand.zone
        begin = 0 if since is None else self._second(since)
        if until is None or isinstance(until, int):
            return begin, DISTANT if until is None else until
        try:
            return begin, midnight(zone, date.fromisoformat(until), 1)
        except ValueError:
            return begin, moment(until, zone)

    def _decided(self, work: Work) -> Frame:
        """Decide the claims that wait, and return their lines: what is asked already is answered first."""
        desk = self._grants.desk(lambda: work.view)
        lines = desk.decide(pending(work.view, desk))
        return work.keep(lines_frame(work, lines), "seq").with_columns(nw.col("seq") + self.store.last)

    @staticmethod
    def _undo(work: Work, choice: Choice, parts: list[Frame], by: str, reason: str) -> None:
        """Write the lines and the order."""
        columns = TABLES["grants"].columns
        decided, undone = parts
        lines = [decided.select(*columns), undone.filter(nw.col("amount") != 0).select(*columns)]
        target = f"{choice.target}/{choice.item}" if choice.item else choice.target
        order = {"target": target, "action": "reverse", "actor": by, "reason": reason, "time": work.run.now}
        with work.session.writing(work.run.id) as writer:
            work.counts["grants"] = sum(writer.append("grants", part) for part in lines)
            writer.append("controls", work.row("controls", order))
            record(work, writer)


def _of(lines: Frame) -> Frame:
    return lines.select(*TABLES["grants"].columns, "seq")
