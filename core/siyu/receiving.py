"""What is pushed: a request becomes rows of the log, and is answered when they are committed."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

from attrs import define, field, frozen

from siyu.errors import UserError
from siyu.frames import cast_like
from siyu.kinds import Answer, Batch, BatchTable, Entry
from siyu.passes import Passes
from siyu.stages.ingest import take
from siyu.stages.raw import REJECTED, accepted
from siyu.stages.record import record
from siyu.tables import Schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from siyu.config.programme import Programme
    from siyu.kinds import Frame, Request
    from siyu.registry import Registry
    from siyu.stores.duckdb import DuckStore
    from siyu.stores.engine import DuckEngine
    from siyu.work import Work

__all__ = ["Receiving"]

_LOGGER = logging.getLogger("siyu")
# The lines of an order come after the order.
_ORDER = ("events", "items", "consents", "links", "addresses", "costs", "prices")


@frozen
class _Rows:
    """Rows by column, that outlive the session on which they were read."""

    schema: Schema
    columns: dict[str, list[Any]]

    @classmethod
    def of(cls, engine: DuckEngine, frame: Frame, schema: Schema) -> _Rows:
        values = engine.rows(cast_like(frame, schema))
        return cls(schema, {name: [row[place] for row in values] for place, name in enumerate(schema)})

    @classmethod
    def together(cls, parts: Sequence[_Rows]) -> _Rows:
        schema = parts[0].schema
        return cls(schema, {name: [value for part in parts for value in part.columns[name]] for name in schema})

    def frame(self, engine: DuckEngine) -> Frame:
        return engine.frame(self.columns, self.schema)


@frozen
class _Part:
    """One batch of a request."""

    entry: str
    table: BatchTable
    rows: _Rows
    rejects: _Rows | None


@define
class _Waiting:
    """A request whose rows are not kept yet, the thread that waits for it, and what became of it."""

    entry: Entry
    now: int
    parts: list[_Part]
    messages: tuple[object, ...]
    turn: threading.Event = field(factory=threading.Event)
    kept: bool | None = None
    error: UserError | None = None


class Receiving(Passes):
    """Takes requests from any thread; what arrives while others are being kept is kept together, in one commit."""

    def __init__(self, programme: Programme, registry: Registry, store: DuckStore, keys: Sequence[str]) -> None:
        """Bring the parts together."""
        super().__init__(programme, registry, store, keys)
        self._queue = threading.Lock()
        self._waiting: list[_Waiting] = []
        self._keeping = False

    def receive(self, entry: str, request: Request) -> Answer:
        """Hand a request to an entry; what it brings is in the log when the answer is returned.

        A request that brings nothing new, as one that came before, writes nothing; neither does a refusal. Links
        between ids are in force from the next tick or run on, so that no request waits for one.

        Args:
            entry: The entry's name.
            request: The request, as a web framework has it.

        Returns:
            The entry's answer; 404 where the brand has no such entry, 413 where the body is larger than the entry
            takes, 503 where its rows could not be kept: why is told to the logger ``siyu``.

        Raises:
            UserError: The entry cannot work, as where a secret is not set.
            PluginError: The entry failed in its own code.
        """
        component = next((one for one in self.programme.of(Entry) if one.name == entry), None)
        if component is None:
            return Answer(status=404)
        if len(request.body) > component.limit:
            return Answer(status=413)
        answer, parts = self._judged(component, request)
        if not (parts or answer.messages):
            return answer
        waiting = _Waiting(component, request.now, parts, answer.messages)
        return answer if self._kept(waiting) else Answer(status=503)

    def _judged(self, entry: Entry, request: Request) -> tuple[Answer, list[_Part]]:
        """Return the entry's answer, and its batches as values: frames are of one session and cannot be gathered."""
        with self.store.opened() as session, self._attributed(entry):
            intake = session.intake(self.programme, now=request.now, cursor="")
            answer = entry.receive(request, intake)
            return answer, [_part(session.engine, entry.name, batch) for batch in answer.batches]

    def _kept(self, waiting: _Waiting) -> bool:
        """Keep a request's rows, with those of all who wait meanwhile; return whether they are in the log."""
        with self._queue:
            self._waiting.append(waiting)
            first, self._keeping = not self._keeping, True
        if not first:
            waiting.turn.wait()
        if waiting.kept is None:
            self._keep_all()
        if waiting.error is not None:
            raise waiting.error
        return bool(waiting.kept)

    def _keep_all(self) -> None:
        with self._queue:
            gathered, self._waiting = self._waiting, []
        try:
            self._keep_together(gathered)
        finally:
            # Whoever came meanwhile sees to the next ones, so that nobody works for others without an end.
            with self._queue:
                following = self._waiting[:1]
                self._keeping = bool(following)
            for one in (*gathered, *following):
                one.turn.set()

    def _keep_together(self, gathered: Sequence[_Waiting]) -> None:
        """Keep what was gathered in one pass; where that fails, each for itself: one must not spoil the others."""
        for one in gathered:
            one.kept = False
        try:
            self._keep(gathered)
        except Exception as error:
            if len(gathered) > 1:
                for one in gathered:
                    self._keep_together([one])
            elif isinstance(error, UserError):
                gathered[0].error = error
            else:
                _LOGGER.exception("what was pushed to %s could not be kept", gathered[0].entry.name)
        else:
            for one in gathered:
                one.kept = True

    def _keep(self, gathered: Sequence[_Waiting]) -> None:
        with self._pass("ingest", max(one.now for one in gathered)) as work:
            with work.session.reading():
                for entry, batch in sorted(self._batches(work, gathered), key=lambda one: _ORDER.index(one[1].table)):
                    take(work, entry, batch)
            if not _anything(work):
                return
            # Claims are decided in the order of the log, so none may come into it while others are decided.
            with self._grants.lock, work.session.writing(work.run.id) as writer:
                record(work, writer)

    def _batches(self, work: Work, gathered: Sequence[_Waiting]) -> Iterator[tuple[str, Batch]]:
        """Return the rows of requests, those of an entry together, in the order in which they came."""
        for entry, parts in _grouped(part for one in gathered for part in one.parts):
            yield entry, _batch(work.session.engine, parts)
        for component in {one.entry.name: one.entry for one in gathered}.values():
            messages = [message for one in gathered if one.entry is component for message in one.messages]
            if messages:
                with self._attributed(component):
                    intake = work.session.intake(self.programme, now=work.run.now, cursor="")
                    yield from [(component.name, batch) for batch in component.mapped(messages, intake)]

    def _attributed(self, entry: Entry) -> AbstractContextManager[None]:
        return self.registry.attributed(self.programme.owners[entry.kind, entry.name], f"entry.{entry.name}")


def _part(engine: DuckEngine, entry: str, batch: Batch) -> _Part:
    rejects = None if batch.rejects is None else _Rows.of(engine, batch.rejects, REJECTED)
    return _Part(entry, batch.table, _Rows.of(engine, batch.rows, accepted(entry, batch)), rejects)


def _grouped(parts: Iterable[_Part]) -> list[tuple[str, list[_Part]]]:
    """Return the parts of each entry and table together.

    Lines of orders are taken for themselves: they have no id by which the same ones could be told among others.
    """
    groups: dict[tuple[str, str, int], list[_Part]] = {}
    for number, part in enumerate(parts):
        alone = number if part.table == "items" else 0
        groups.setdefault((part.table, part.entry, alone), []).append(part)
    return [(entry, some) for (_, entry, _), some in groups.items()]


def _batch(engine: DuckEngine, parts: Sequence[_Part]) -> Batch:
    rejects = [part.rejects for part in parts if part.rejects is not None]
    return Batch(
        rows=_Rows.together([part.rows for part in parts]).frame(engine),
        table=parts[0].table,
        rejects=_Rows.together(rejects).frame(engine) if rejects else None,
    )


def _anything(work: Work) -> bool:
    return any(work.staged.values())
