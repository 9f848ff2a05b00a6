"""The embedding API: a config, its plugins and a store, opened as one brand."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from attrs import evolve

from siyu.by_hand import Correction, correct
from siyu.claims.asking import Form
from siyu.claims.counter import Answer, ClaimCounter
from siyu.codes import Codes
from siyu.controls import checked
from siyu.errors import PluginError
from siyu.explaining.asked import Explaining
from siyu.ledgers import Ledgers
from siyu.loop import walk
from siyu.outcome import Outcome
from siyu.passes import Moment
from siyu.receiving import Receiving
from siyu.scope import scope_of
from siyu.segments import overview
from siyu.showing import Showing
from siyu.stages.record import record
from siyu.tables import TABLES
from siyu.tagging import Word, end_of, marker, marks, say
from siyu.trials import Trials

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from siyu.config.programme import Programme
    from siyu.kinds import Frame
    from siyu.registry import Registry
    from siyu.segments import Segments
    from siyu.stores.duckdb import DuckStore
    from siyu.work import Work

__all__ = ["Brand"]


class Brand(Codes, Explaining, Ledgers, Receiving, Showing, Trials):
    """One brand: its programme, its plugins, its store.

    Safe to share between threads: every pass has a session of its own, runs take turns, claims are settled
    together, and a tick waits for a run only while that one decides and records.

    Attributes:
        programme: The config.
        registry: The plugins.
        store: The store.
    """

    def __init__(self, programme: Programme, registry: Registry, store: DuckStore, keys: Sequence[str]) -> None:
        """Bring the parts together; use ``siyu.open``."""
        super().__init__(programme, registry, store, keys)
        form = Form(programme, keys, self.number)
        self._counter = ClaimCounter(programme, store, self._grants, form, self.view, self._held)

    def run(self, *, now: Moment = None, send: bool = True, progress: Callable[[str], None] | None = None) -> Outcome:
        """Do one pass of the whole loop and commit it, then deliver.

        Args:
            now: The moment that everything is decided at.
            send: False to leave what passed the gate queued.
            progress: Is told what goes on.

        Raises:
            PluginError: A plugin failed; nothing was committed, or, where a channel failed, all but its receipts.
        """
        with self._running, self._pass("run", now, progress) as work:
            walk(work, self._grants, self._touching, keep=True)
            return self._finished(work, send=send)

    def tick(self, *, now: Moment = None, send: bool = True) -> Outcome:
        """Do the pass for the members of whom something new is known since the last run or tick."""
        self._catch_up(now)
        with self._pass("tick", now) as work:
            work.scope = scope_of(work)
            if work.scope is not None:
                raw = work.view.raw["events"].join(work.scope, on="member", how="semi")
                work.view = work.view.having(events=raw)
                walk(work, self._grants, self._touching, keep=True)
                return self._finished(work, send=send)
            return Outcome.of(work)

    def plan(self, *, now: Moment = None, progress: Callable[[str], None] | None = None) -> Outcome:
        """Do a run and roll it back: ``touches``, ``suppressed`` and ``grants`` are what it would have written.

        The frames are usable until the brand, or the outcome, is closed.
        """
        with self._handing_out() as session:
            work = self._work(session, "plan", now, progress)
            walk(work, self._grants, self._touching, keep=False)
            return evolve(Outcome.of(work), closing=partial(self._released, session))

    def claim(  # noqa: PLR0913 - by name, each a word of the claim
        self,
        incentive: str,
        *,
        member: str | int,
        id: str,  # noqa: A002 - the word that a client uses for it
        item: str = "",
        quantity: int = 1,
        to: str | int | None = None,
        code: str = "",
        now: Moment = None,
    ) -> Answer:
        """Ask for something limited, and get the one answer; the same ``id`` gets the first answer again.

        Args:
            incentive: The incentive's name.
            member: An outside id (``wecom:wm7…``), or a member's number.
            id: The client's own id of this claim, for ever.
            item: Which of its items; the only one by default.
            quantity: How many.
            to: Whom it is given to, where the item is a transfer: an outside id, or a member's number.
            code: The code that the item asks for, if it does.
            now: The moment of the claim.

        Raises:
            UserError: The incentive takes no claims, or the member is no id.
        """
        row = {"incentive": incentive, "member": member, "id": id, "item": item, "quantity": quantity}
        return self._counter.ask({**row, "to": to, "code": code}, self._second(now))

    def claims(self, rows: object, *, now: Moment = None) -> list[Answer]:
        """Ask for many at once, in the order of the rows: incentive, member, id, and what else ``claim`` takes.

        Each ten thousand of them are decided and committed together; what was committed before an error stands, and
        asked again, it gets the same answers.

        Args:
            rows: Any frame that narwhals reads, or an iterable of mappings.
            now: The moment of the claims.
        """
        return self._counter.ask_all(rows, self._second(now))

    def tag(
        self,
        member: str | int,
        tag: str,
        *,
        by: str,
        value: str | None = None,
        until: Moment = None,
        note: str = "",
        now: Moment = None,
    ) -> Outcome:
        """Give a member a tag by hand; the next run or tick goes by it.

        Args:
            member: An outside id (``wecom:wm7…``) or a member's number, of a member that the log knows.
            tag: One of the tags that a tagger lets people give, as those of ``manual``.
            by: Who gives it.
            value: The tag's value.
            until: When it ends: a moment, or the last day on which it holds.
            note: Why.
            now: The moment of it. Of all that is said of a member and a tag, the newest counts.

        Returns:
            What was counted: ``events`` is 0 where the very same was said before, at the same moment.

        Raises:
            UserError: The tag may not be given, the member is not known, nobody gives it, or it would be over.
        """
        second = self._second(now)
        end = end_of(until, second, self.programme.brand.zone)
        return self._say(Word("tagged", tag, by, {"value": value, "expires": end, "note": note}), member, second)

    def untag(self, member: str | int, tag: str, *, by: str, note: str = "", now: Moment = None) -> Outcome:
        """Take a tag from a member by hand, whoever gave it: see ``tag``."""
        return self._say(Word("untagged", tag, by, {"note": note}), member, now)

    def correct(
        self, member: str | int, incentive: str, units: int, *, by: str, why: str, now: Moment = None
    ) -> Outcome:
        """Correct what a member has of an incentive; the next run or tick writes it into the ledger.

        Args:
            member: An outside id (``wecom:wm7…``) or a member's number, of a member that the log knows.
            incentive: One that takes corrections, as ``points`` do.
            units: How much more the member gets; below 0, how much less.
            by: Who says so.
            why: Why.
            now: The moment of it.

        Returns:
            What was counted: ``events`` is 0 where the very same was said before, at the same moment.

        Raises:
            UserError: The incentive takes none, the member is not known, or it lacks an author, a reason or units.
        """
        correction = Correction(incentive=incentive, units=units, by=by, why=why)
        return self._by_hand(lambda work: correct(work, self._key, correction, self.number(member), str(member)), now)

    def marks(self, channel: str, *, now: Moment = None) -> Frame:
        """Return what a channel has to change of its own tags, by the tags of the last run: member, mark, change.

        ``mark`` is the channel's id of its tag, ``change`` is ``add`` or ``remove``. What was applied is reported back
        by ``ingest``, as events ``marked`` and ``unmarked`` (subject: the mark, ref: the channel). The frame is lazy
        and usable until the brand is closed, as those of ``table``.

        Raises:
            UserError: No tagger says which tags the channel should show, or several do.
        """
        tagger = marker(self.programme, channel)
        with self._handing_out() as session:
            return marks(self._work(session, "plan", now), tagger)

    def control(self, target: str, action: str, *, actor: str, reason: str = "", now: Moment = None) -> None:
        """Order ``stop`` or ``resume`` of ``campaign:NAME``, ``channel:NAME`` or ``all``, or ``release`` of ``brake``.

        What is stopped, and was handed to people who did not send it yet, is taken back where its channel can.

        Raises:
            UserError: The order or its target is not there.
            PluginError: It is stopped, and a channel could not take back what people had been handed.
        """
        checked(self.programme, target, action)
        with self._pass("control", now) as work:
            values = {"target": target, "action": action, "actor": actor, "reason": reason, "time": work.run.now}
            with work.session.writing(work.run.id) as writer:
                writer.append("controls", work.row("controls", values))
                record(work, writer)
        if action == "stop":
            self._take_back(target, now)

    def table(self, name: str) -> Frame:
        """Return a table as a read-only frame, usable until the brand is closed.

        It is lazy: ``to_native()`` is a DuckDB relation; ``collect()`` needs the extra ``siyu[arrow]``.

        Raises:
            KeyError: There is no such table.
        """
        return self._held().table(TABLES[name].name)

    def segments(self) -> Segments:
        """Return how large each segment is, how it changed in the last run, and which of them share members."""
        with self.store.opened() as session:
            return overview(session, self.programme.segments)

    def _say(self, word: Word, member: str | int, now: Moment) -> Outcome:
        return self._by_hand(lambda work: say(work, self._key, word, self.number(member), str(member)), now)

    def _by_hand(self, write: Callable[[Work], None], now: Moment) -> Outcome:
        with self._pass("ingest", now) as work:
            with work.session.reading():
                write(work)
            # As for what is ingested: nothing comes into the log while claims are decided.
            with self._grants.lock, work.session.writing(work.run.id) as writer:
                record(work, writer)
            return Outcome.of(work)

    def _finished(self, work: Work, *, send: bool) -> Outcome:
        decided = Outcome.of(work)
        failures = self._deliver(work) if send else []
        outcome = evolve(decided, counts=dict(work.counts))
        run = evolve(work.run, counts=dict(work.counts), seconds=work.elapsed())
        for _ in self.registry.called("siyu_after_run", run=run):
            pass
        if failures:
            raise PluginError("\n".join(str(failure) for failure in failures))
        return outcome
