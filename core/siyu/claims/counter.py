"""The counter where claims are asked: what many threads ask is settled together, in order, and answered once."""

from __future__ import annotations

import threading
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from attrs import define, field, frozen

from siyu.claims.asking import Asking, Form, People
from siyu.claims.glance import decided
from siyu.claims.keeping import keep
from siyu.claims.moves import pending, recipients
from siyu.rows import columns_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from siyu.claims.desk import Desk, Line
    from siyu.claims.writer import GrantWriter
    from siyu.config.programme import Programme
    from siyu.stores.duckdb import DuckStore
    from siyu.stores.session import Session
    from siyu.view import View

__all__ = ["Answer", "ClaimCounter"]

_GRANTED = ("granted", "reserved", "transferred")
# How many claims are settled in one commit: others wait for so long, and memory is bounded.
_MOST = 10_000
# How long, in seconds, those who were answered together are waited for: most ask again at once.
_LINGER = 0.002


@frozen(kw_only=True)
class Answer:
    """The one answer to a claim.

    Attributes:
        id: The client's id of the claim.
        granted: Whether it was granted, transferred, or reserved until it is paid.
        kind: ``granted``, ``reserved``, ``transferred``, ``waiting`` or ``refused``; one that waited has another later.
        amount: How much was granted or transferred.
        reason: Why it was refused, or its place in the queue, for a person; empty otherwise.
        until: When a reservation falls back unless it is paid, or what was granted can no longer be used, in epoch
            seconds.
    """

    id: str
    granted: bool
    kind: str
    amount: int
    reason: str
    until: int | None


@define
class _Asked:
    """A claim whose thread waits, and what became of it."""

    asking: Asking
    turn: threading.Event = field(factory=threading.Event)
    answer: Answer | None = None
    error: BaseException | None = None


@define
class ClaimCounter:
    """Takes claims from any thread.

    Attributes:
        programme: The brand's config.
        store: The store.
        grants: The one writer of grants.
        form: Brings what is asked into its form.
        view: Returns what plugins would see on a session, at a moment.
        session: Opens a session that is held until the brand is closed.
    """

    programme: Programme
    store: DuckStore
    grants: GrantWriter
    form: Form
    view: Callable[[Session, int], View]
    session: Callable[[], Session]
    _held: Session | None = None
    _waiting: list[_Asked] = field(factory=list)
    _queue: threading.Condition = field(factory=threading.Condition)
    _settling: bool = False
    _expected: int = 0

    def ask(self, row: Mapping[str, Any], now: int) -> Answer:
        """Ask one claim; while others are being settled, those who wait are gathered into the next batch."""
        asked = _Asked(self.form.asking({name: [value] for name, value in row.items()}, now))
        with self._queue:
            self._waiting.append(asked)
            first, self._settling = not self._settling, True
            if len(self._waiting) >= self._expected:
                self._queue.notify()
        if not first:
            asked.turn.wait()
        if asked.answer is None and asked.error is None:
            self._settle_together(asked)
        if asked.error is not None:
            raise asked.error
        if asked.answer is None:
            message = "the claim was settled without an answer"
            raise RuntimeError(message)
        return asked.answer

    def ask_all(self, rows: object, now: int) -> list[Answer]:
        """Ask many claims, in the order of the rows; each ten thousand of them are decided in one commit."""
        columns = columns_of(rows)
        if not columns:
            return []
        return [answer for part in self.form.asking(columns, now).cut(_MOST) for answer in self._settled_alone(part)]

    def _settle_together(self, asked: _Asked) -> None:
        """Settle what waits; then let the first of those who came meanwhile see to the next."""
        gathered: list[_Asked] = []
        try:
            with self._queue:
                self._queue.wait_for(lambda: len(self._waiting) >= self._expected, _LINGER)
            with self.grants.lock:
                with self._queue:
                    gathered, self._waiting = self._waiting, []
                self._answered(gathered)
        finally:
            with self._queue:
                self._expected = len(gathered) if len(gathered) > 1 else 0
                # Its thread was interrupted before it got anywhere.
                self._waiting = [one for one in self._waiting if one is not asked]
                following = self._waiting[:1]
                self._settling = bool(following)
            for one in (*gathered, *following):
                one.turn.set()

    def _answered(self, gathered: Sequence[_Asked]) -> None:
        together = Asking()
        for asked in gathered:
            together.join(asked.asking)
        try:
            answers = self._settled(together)
        except BaseException as error:  # noqa: BLE001 - each of the threads that wait raises it
            for asked in gathered:
                asked.error = error
        else:
            for asked, answer in zip(gathered, answers, strict=True):
                asked.answer = answer

    def _settled_alone(self, asking: Asking) -> list[Answer]:
        with self.grants.lock:
            return self._settled(asking)

    def _settled(self, asking: Asking) -> list[Answer]:
        """Decide claims, under the lock, and commit them; return the answers, in their order."""
        try:
            return self._decided(asking)
        except BaseException:
            self.grants.forget()
            raise
        finally:
            if self._held is not None:
                self._held.engine.drop()

    def _decided(self, asking: Asking) -> list[Answer]:
        """Decide earlier claims that wait, then these; commit the events and the lines together."""
        session = self._held = self._held or self.session()
        view = cache(partial(self.view, session, max(asking.second)))
        desk, earlier = self._desk(session, view)
        fresh = asking.rows(_fresh(asking, desk, {move.event for move in earlier}))
        fresh.known(session, self.form.keys[:-1])
        lines = decided(desk, earlier, fresh, self._people(session, view, fresh))
        if fresh or lines:
            known = self.grants.run is not None
            self.grants.run = self.grants.run or self.store.next_run()
            keep(session, self.programme, (self.grants.run, known), fresh, lines)
        desk.seen = self.store.last
        return [
            _answer(request, desk.answered[event]) for request, event in zip(asking.request, asking.event, strict=True)
        ]

    def _desk(self, session: Session, view: Callable[[], View]) -> tuple[Desk, list[Any]]:
        """Return the desk, and the moves in the log that it has not seen; no view is made where there are none."""
        desk = self.grants.desk(view)
        if desk.seen == self.store.last or (desk.seen and not session.came(("claimed", "paid"), desk.seen)):
            return desk, []
        with session.reading():
            return desk, pending(view(), desk)

    @staticmethod
    def _people(session: Session, view: Callable[[], View], fresh: Asking) -> People:
        """Return the least id of the component of each who asks, and the members whom claims name besides.

        Outside ids that the log knows are taken off the claims, so that they are not kept once more.
        """
        resolved, known = session.known(list(set(fresh.member))) if fresh else ({}, set())
        asked = zip(fresh.member, fresh.identity, strict=True)
        fresh.identity = [None if member in known else identity for member, identity in asked]
        named = recipients(view(), filter(None, fresh.to)) if any(fresh.to) else {}
        return People([resolved.get(member, member) for member in fresh.member], named)


def _fresh(asking: Asking, desk: Desk, waiting: set[int]) -> list[int]:
    """Return the places of the claims that are new: neither answered nor in the log, and not asked before here."""
    places = dict(zip(reversed(asking.event), reversed(range(len(asking))), strict=True))
    return sorted(place for event, place in places.items() if event not in waiting and event not in desk.answered)


def _answer(request: str, line: Line) -> Answer:
    return Answer(
        id=request,
        granted=line.kind in _GRANTED,
        kind=line.kind,
        amount=line.amount,
        reason=line.reason,
        until=line.expires,
    )
