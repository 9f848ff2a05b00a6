"""Delivery: queued touches are handed to their channels, with the intent committed before and the answer after."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import ExitStack
from typing import TYPE_CHECKING

from attrs import define, field

from siyu.delivery.answers import STATES, Answers
from siyu.delivery.cancelling import taken_back
from siyu.delivery.doubts import cut_off, reconciled
from siyu.delivery.failing import attributed
from siyu.delivery.line import Line, retried
from siyu.delivery.posting import Poster
from siyu.delivery.reminding import reminded
from siyu.errors import PluginError, UserError
from siyu.kinds import Channel, Receipt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from siyu.delivery.answers import Verdict
    from siyu.delivery.register import Register, Row
    from siyu.delivery.render import Renderer

__all__ = ["Outbox"]

# How long a wait goes on before it is looked whether to end.
_NAP = 0.2


@define
class Outbox:
    """One delivery: every queued touch that is due, channel by channel in turn; there is only one at a time.

    A batch is marked ``sending`` and committed before the call, after one more look at the rules that concern a
    person; what is still ``sending`` when a delivery begins was cut off, and becomes ``unknown``: it is not sent again
    by itself, but its channel is asked what became of it.

    Attributes:
        register: The store's side.
        renderer: Gives touches their words.
        halted: Whether somebody asked to end: what is under way is waited for, the rest stays queued.
        tell: Is told how far a channel is: its name, how many of its touches are done, of how many.
        failures: What went wrong in channels; the touches that it leaves in doubt are ``unknown``.
    """

    register: Register
    renderer: Renderer
    halted: Callable[[], bool] = lambda: False
    tell: Callable[[str, int, int], None] = lambda _channel, _done, _all: None
    failures: list[PluginError] = field(factory=list)
    _posters: dict[str, Poster] = field(factory=dict)

    def deliver(self) -> list[PluginError]:
        """Send what is queued; return the failures of channels."""
        work = self.register.work
        cut_off(self.register)
        channels = [channel for channel in work.programme.of(Channel) if not self.halted()]
        for channel in channels:
            self.failures += reconciled(self.register, channel, self.renderer)
            self.failures += taken_back(self.register, channel, self.renderer)
            self.failures += reminded(self.register, channel)
        lines = [Line(channel, self.register.pace(channel)) for channel in channels]
        with ExitStack() as stack:
            try:
                self._sweep(lines, stack)
            finally:
                self.register.settle()
        self._given_up(lines)
        for channel in channels if self._counts.get("handed") else ():
            # What was under way while somebody stopped it.
            self.failures += taken_back(self.register, channel, self.renderer)
        return self.failures

    def _sweep(self, lines: Sequence[Line], stack: ExitStack) -> None:
        """Let the channels take turns until nothing can be sent any more."""
        self._refill(lines)
        while not self.halted() and (active := [line for line in lines if len(line) and not line.pauses.over]):
            # What is answered by a code has seconds.
            for line in sorted(active, key=lambda line: not line.channel.code):
                if not self.halted() and line.wait() <= 0:
                    self._round(line, stack)
            self._rest(lines)

    def _refill(self, lines: Sequence[Line]) -> None:
        queued = self.register.queued()
        for line in lines:
            line.refill(queued.get(line.channel.name, ()))

    def _rest(self, lines: Sequence[Line]) -> None:
        """Take up what came meanwhile; where all have to wait, wait a little."""
        if self.register.moved():
            self._refill(lines)
        waits = [line.wait() for line in lines if len(line) and not line.pauses.over]
        if waits and min(waits) > 0:
            self.register.settle()
            time.sleep(min(_NAP, *waits))

    def _round(self, line: Line, stack: ExitStack) -> None:
        """Send one batch of a channel."""
        channel, taken = line.channel, line.take()
        rows = self.register.begin(channel, taken, line.waiting) if taken else []
        line.done += len(taken) - len(rows)
        if rows:
            line.pace.spend(len(rows))
            begun = time.monotonic()
            answers, error = self._posted(channel, rows, stack) if channel.posts else self._sent(channel, rows)
            line.took(time.monotonic() - begun, len(answers))
            self.register.keep(self._verdicts(line, rows, answers))
            if error is not None:
                line.pauses.begin(self._failed(channel, error))
        self.tell(channel.name, line.done, line.done + len(line))

    def _sent(self, channel: Channel, rows: Sequence[Row]) -> tuple[Answers, Exception | None]:
        """Send a batch at once; a message without an answer is ``unknown``, unless a person has to mend something."""
        messages = [self.renderer.message(row) for row in rows]
        known: dict[int, Receipt] = {}
        reason, raised = "the channel gave no receipt", None
        try:
            with attributed(self.register.work, channel):
                for receipt in channel.send(messages):
                    known[receipt.touch] = receipt
        except Exception as error:  # noqa: BLE001 - whatever a channel raises, its receipts must be kept
            reason, raised = str(error), error
        # After a user's error it could not send at all, see ``Channel.send``: what has no receipt is not in doubt.
        left = raised is not None and isinstance(raised.__cause__, UserError)
        answers = Answers()
        for one in messages:
            if one.touch in known or not left:
                answers.add(one.touch, known.get(one.touch) or Receipt(one.touch, "unknown", reason))
        return answers, raised

    def _posted(self, channel: Channel, rows: Sequence[Row], stack: ExitStack) -> tuple[Answers, Exception | None]:
        """Post a batch; what was not begun has no answer."""
        if channel.name not in self._posters:
            try:
                poster = stack.enter_context(Poster(channel, self.halted, self._late, self.renderer.message))
            except Exception as error:  # noqa: BLE001 - whatever a channel raises; nothing was sent
                return Answers(), error
            self._posters[channel.name] = poster
        answers, raised = self._posters[channel.name].post(rows)
        return answers, raised[0] if raised else None

    def _late(self, row: Row) -> bool:
        until = row["until"]
        return until is not None and until <= self.register.clock.now()

    def _failed(self, channel: Channel, error: Exception) -> str:
        """Keep a failure, attributed to the channel's plugin, and return its words."""
        try:
            with attributed(self.register.work, channel):
                raise error
        except PluginError as failure:
            known = {str(one) for one in self.failures}
            self.failures += [] if str(failure) in known else [failure]
            return str(failure)

    def _verdicts(self, line: Line, rows: Sequence[Row], answers: Answers) -> list[Verdict]:
        """Return the receipts of a batch, and put back what is to go again."""
        left = answers.without(row["id"] for row in rows) if len(answers) < len(rows) else []
        line.returned(left)
        line.ended(answers.final)
        found: list[Verdict] = [*((touch, "queued", "it was not begun", None) for touch in left), *answers.final]
        # A wall is met after what went before it.
        for receipt in sorted(map(_fitting, answers.open.values()), key=retried):
            state = "queued" if line.answered(receipt) else receipt.state
            found.append((receipt.touch, state, receipt.reason, receipt.provider_id or None))
        for state, number in Counter(verdict[1] for verdict in found).items():
            self._counts[state] = self._counts.get(state, 0) + number
        return found

    @property
    def _counts(self) -> dict[str, int]:
        return self.register.work.counts

    def _given_up(self, lines: Sequence[Line]) -> None:
        """Tell which channels were left alone in the end, with what waits for them still queued."""
        for line in lines:
            if line.pauses.over and len(line):
                words = f"it is left alone for now, and what waits for it stays queued: {line.pauses.reason}"
                self._failed(line.channel, ConnectionError(words))


def _fitting(receipt: Receipt) -> Receipt:
    if receipt.state in STATES or receipt.state == "expired":
        return receipt
    return Receipt(receipt.touch, "unknown", f"the channel gave the state '{receipt.state}'")
