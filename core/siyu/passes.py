"""What every pass of a brand starts from: its parts, its locks, and the sessions that passes run on."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from siyu.bits import stored
from siyu.claims.writer import GrantWriter
from siyu.moments import moment
from siyu.revisions import standing
from siyu.runs import Run
from siyu.view import View
from siyu.work import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from siyu.config.programme import Programme
    from siyu.registry import Registry
    from siyu.runs import Kind
    from siyu.stores.duckdb import DuckStore
    from siyu.stores.session import Session

__all__ = ["Moment", "Passes"]

Moment = int | str | None
"""A moment: epoch seconds, ISO 8601 text (without an offset in the brand's zone), or None for now."""


class Passes:
    """Begins passes: each on a session of its own, at a moment, by one config.

    Attributes:
        programme: The config.
        registry: The plugins.
        store: The store.
    """

    def __init__(self, programme: Programme, registry: Registry, store: DuckStore, keys: Sequence[str]) -> None:
        """Bring the parts together."""
        self.programme = programme
        self.registry = registry
        self.store = store
        self._keys = keys
        self._key = keys[0]
        self._grants = GrantWriter(programme, self._key)
        self._running = threading.Lock()
        self._touching = threading.Lock()
        self._reading: list[Session] = []

    def __enter__(self) -> Self:
        """Return the brand itself."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """Close the brand."""
        self.close()

    def close(self) -> None:
        """Close the store and every frame that was handed out."""
        for session in list(self._reading):
            self._released(session)
        self.store.close()

    def view(self, session: Session, now: int) -> View:
        """Return what plugins would see at a moment, of the state that the last run left."""
        joined = session.holds("canon")
        bits = {"flags": stored(session, "flags")}
        tables, engine = standing(session, session.tables()), session.engine
        return View(tables, now=now, programme=self.programme, engine=engine, joined=joined, bits=bits)

    @contextmanager
    def viewing(self, now: Moment = None) -> Iterator[View]:
        """Give what plugins would see at a moment, of the state that the last run left, for as long as it is used."""
        with self.store.opened() as session, session.reading():
            yield self.view(session, self._second(now))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep out runs, and other passes while they decide: who is one person must not change under them."""
        with self._running, self._touching:
            yield

    def _second(self, now: Moment) -> int:
        if now is None:
            return int(time.time())
        return now if isinstance(now, int) else moment(now, self.programme.brand.zone)

    def _held(self) -> Session:
        session = self.store.session()
        self._reading.append(session)
        return session

    @contextmanager
    def _handing_out(self) -> Iterator[Session]:
        """Hold a session for the frames that are made on it, unless making them fails."""
        session = self._held()
        try:
            yield session
        except BaseException:
            self._released(session)
            raise

    def _released(self, session: Session) -> None:
        if session in self._reading:
            self._reading.remove(session)
            session.close()

    def _work(self, session: Session, kind: Kind, now: Moment, progress: Callable[[str], None] | None = None) -> Work:
        second = self._second(now)
        watermark = self.store.last
        run = Run(id=self.store.next_run(), kind=kind, now=second, config=self.programme.hash, watermark=watermark)
        work = Work(session, self.programme, self.registry, run, self.view(session, second), live=now is None)
        if progress is not None:
            work.progress = progress
        return work

    @contextmanager
    def _pass(self, kind: Kind, now: Moment, progress: Callable[[str], None] | None = None) -> Iterator[Work]:
        with self.store.opened() as session:
            yield self._work(session, kind, now, progress)
