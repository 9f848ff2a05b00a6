"""Delivery by a brand: one at a time, on the newest log."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING

from attrs import evolve

from siyu.delivery.cancelling import taken_back
from siyu.delivery.clock import Clock
from siyu.delivery.dead import revived
from siyu.delivery.outbox import Outbox
from siyu.delivery.register import Register
from siyu.delivery.render import Renderer
from siyu.errors import PluginError
from siyu.kinds import Channel
from siyu.outcome import Outcome
from siyu.passes import Passes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from siyu.config.programme import Programme
    from siyu.passes import Moment
    from siyu.registry import Registry
    from siyu.stores.duckdb import DuckStore
    from siyu.work import Work

__all__ = ["Sending"]


class Sending(Passes):
    """Sends what is queued."""

    def __init__(self, programme: Programme, registry: Registry, store: DuckStore, keys: Sequence[str]) -> None:
        """Bring the parts together."""
        super().__init__(programme, registry, store, keys)
        self._delivering = threading.Lock()
        self._halted = threading.Event()

    def deliver(
        self,
        *,
        now: Moment = None,
        retry: bool = False,
        tell: Callable[[str, int, int], None] = lambda _channel, _done, _all: None,
    ) -> Outcome:
        """Send what is queued and due; a delivery that goes on already is waited for.

        Args:
            now: The moment that everything happens at; by default time goes on.
            retry: Whether what ``failed``, and whose time is not over, is judged by the whole gate again first.
            tell: Is told how far each channel is: its name, how many touches are done, of how many.

        Raises:
            PluginError: A channel failed; what it left in doubt is ``unknown``.
        """
        with self._pass("deliver", now) as work:
            if retry:
                revived(work, self._touching)
            decided = Outcome.of(work)
            failures = self._deliver(work, tell)
            if failures:
                raise PluginError("\n".join(str(failure) for failure in failures))
            return evolve(decided, counts=dict(work.counts))

    def halt(self) -> None:
        """End a delivery that goes on, and begin none: what is under way is waited for, the rest stays queued.

        It may be called from any thread, or from a signal handler.
        """
        self._halted.set()

    def _deliver(
        self, work: Work, tell: Callable[[str, int, int], None] = lambda _channel, _done, _all: None
    ) -> list[PluginError]:
        work.progress("deliver")
        with self._delivering:
            work.view = self.view(work.session, work.run.now)
            return Outbox(self._register(work), self._renderer, self._halted.is_set, tell).deliver()

    @property
    def _renderer(self) -> Renderer:
        return Renderer(self.programme, self._keys)

    def _take_back(self, target: str, now: Moment) -> None:
        """Have channels take back what was handed to people and is stopped by now.

        Raises:
            PluginError: A channel could not; the next delivery tries again.
        """
        channels = [channel for channel in self.programme.of(Channel) if channel.cancels]
        if not channels:
            return
        with self._pass("deliver", now) as work:
            register, renderer = self._register(work), self._renderer
            failures = [one for channel in channels for one in taken_back(register, channel, renderer)]
        if failures:
            words = f"{target} is stopped, but what was handed to people before could not be taken back"
            raise PluginError("\n".join([words, *map(str, failures)]))

    def _register(self, work: Work) -> Register:
        clock = Clock(work.run.now + int(work.elapsed()) * work.live, live=work.live)
        return Register(work, self._touching, clock, partial(self.view, work.session))
