"""One pass of the loop in the making: what a stage reads, and what it leaves for the later ones."""

from __future__ import annotations

from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, TypeVar

import narwhals as nw
from attrs import define, field

from siyu.frames import cast_like
from siyu.kinds import Incentive
from siyu.revisions import KEYS, counting
from siyu.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from siyu.config.programme import Programme
    from siyu.kinds import Component, Frame
    from siyu.registry import Registry
    from siyu.runs import Run
    from siyu.steady import Again
    from siyu.stores.session import Session
    from siyu.view import View

__all__ = ["PROVISIONAL", "Work"]

T = TypeVar("T", bound="Component")

PROVISIONAL = 2**62
"""What staged rows are numbered after: beyond every ``seq`` that a store will ever give."""

# To take rows out of a table and put others in is cheaper than to write it anew up to this part of it: a quarter.
_FEW = 4


@define
class Work:
    """A pass.

    Attributes:
        session: The store's session that it runs on.
        programme: The brand's config.
        registry: The plugins, to attribute their errors.
        run: What is known of the pass so far.
        view: What plugins see; a stage replaces it by one that has its results.
        scope: The raw ids of the members that a tick looks at; None for everybody.
        staged: New rows of the logs, as kept frames; with a provisional ``seq`` until they are recorded.
        sizes: How many rows frames have that were to be staged, by what tells a frame from others.
        superseded: The rows of logs that this pass revised, by their ``seq``: kept frames.
        revised: What it revised, by log: the place of the staged rows, and their keys (see ``siyu.revisions.KEYS``).
        state: State tables that were computed anew.
        moved: Whose tags and segments have to be told again; None for everybody.
        merged: Parts of state tables that were computed anew: the keys whose rows go, and the rows that come.
        parted: Who was joined or parted, or had an event revised, since a state: by its ``seq``, as ``joined_since``.
        folded: What the parts of each state are that was brought up to date, by state and name: see ``siyu.folds``.
        brought: How many parts of new events the stages saw that fold them; later parts are the stages' own.
        results: Frames that stages leave for one another: ``proposals``, ``touches``, ``verdicts``.
        counts: What the pass did, by name.
        dropped: How many events lost fields that nothing declares, by entry, type, and the fields' names.
        live: Whether nobody said the moment, so that time goes on while it delivers.
        progress: Is told what goes on, for a person who waits.
        started: When the pass began, for its record alone.
    """

    session: Session
    programme: Programme
    registry: Registry
    run: Run
    view: View
    scope: Frame | None = None
    staged: dict[str, list[Frame]] = field(factory=dict)
    sizes: dict[int, tuple[Frame, int]] = field(factory=dict)
    superseded: dict[str, list[Frame]] = field(factory=dict)
    revised: dict[str, list[tuple[int, Frame]]] = field(factory=dict)
    state: dict[str, Frame] = field(factory=dict)
    moved: Again | None = None
    merged: dict[str, tuple[Frame, Frame]] = field(factory=dict)
    parted: dict[tuple[int, int, int], Frame | None] = field(factory=dict)
    folded: dict[str, dict[str, str]] = field(factory=dict)
    brought: int = 0
    results: dict[str, Frame] = field(factory=dict)
    counts: dict[str, int] = field(factory=dict)
    dropped: dict[tuple[str, str, str], int] = field(factory=dict)
    live: bool = False
    progress: Callable[[str], None] = lambda _words: None
    started: float = field(factory=perf_counter)

    @property
    def ticking(self) -> bool:
        """Whether only some members are looked at."""
        return self.scope is not None

    def components(self, kind: type[T]) -> Iterator[T]:
        """Return the components of a kind, given as its class; in a tick those that need no other members."""
        for component in self.programme.of(kind):
            # Who gets a place in a budget depends on everybody.
            bounded = isinstance(component, Incentive) and bool(self.programme.budgets(component))
            if not self.ticking or (component.scope == "member" and not bounded):
                yield component

    @contextmanager
    def attributed(self, component: Component) -> Iterator[None]:
        """Say what goes on, and attribute a failure inside a component's code to its plugin."""
        what = f"{component.kind}.{component.name}"
        self.progress(what)
        with self.registry.attributed(self.programme.owners[component.kind, component.name], what):
            yield

    def keep(self, frame: Frame, number: str = "") -> Frame:
        """Compute a frame once, for as long as the pass lasts; ``number`` is a column to number the rows from 1."""
        return self.session.engine.keep(frame, number)

    def has(self, kind: str) -> bool:
        """Return whether there are events of a type, those of this pass included."""
        own = (part.filter(nw.col("type") == kind) for part in self.staged.get("events", ()))
        return self.session.has(kind) or any(self.some(part) for part in own)

    def holds(self, table: str) -> bool:
        """Return whether a log has any rows, those of this pass included."""
        return bool(self.staged.get(table)) or self.session.holds(table)

    def count(self, name: str, frame: Frame) -> int:
        """Add the number of a kept frame's rows to a count and return it."""
        number = self.size(frame)
        self.sizes[id(frame)] = (frame, number)
        self.counts[name] = self.counts.get(name, 0) + number
        return number

    def row(self, table: str, values: Mapping[str, object]) -> Frame:
        """Return one row of a table; columns without a value are null."""
        columns = TABLES[table].columns
        return self.session.engine.frame({name: [values.get(name)] for name in columns}, columns)

    def stage(self, table: str, frame: Frame, number: str = "") -> Frame:
        """Add new rows, if any, to a log and show them to the later stages; the frame's columns are those of the log.

        Args:
            table: The log.
            frame: The rows.
            number: A column that numbers them from 1 without gaps, where they are kept already.

        Returns:
            The rows as kept, with a provisional ``seq`` after all that is, or meanwhile comes, into the store.
        """
        columns = TABLES[table].columns
        kept = frame.with_columns(seq=nw.col(number)) if number else self.keep(cast_like(frame, columns), "seq")
        numbered = cast_like(kept, {**columns, "seq": nw.Int64()})
        staged = self.staged.setdefault(table, [])
        before = PROVISIONAL + sum(self.size(part) for part in staged)
        rows = cast_like(numbered.with_columns(nw.col("seq") + before, run=nw.lit(self.run.id)), TABLES[table].schema)
        size = self.size(kept)
        self.sizes[id(rows)] = (rows, size)
        if size:
            staged.append(rows)
            self.show(table)
        return rows

    def show(self, table: str) -> None:
        """Show a log to the later stages with its staged rows."""
        stored = cast_like(self.session.table(table), TABLES[table].schema)
        rows = nw.concat([stored, *self.staged.get(table, ())])
        counted = counting(self, table, rows) if table in KEYS else rows
        self.view = self.view.having(bits=None, **{table: counted})

    def renew(
        self, table: str, state: Frame, fresh: Frame | None, gone: Frame | None, size: int | None = None
    ) -> Frame:
        """Have a table of state written: a few rows of it where few differ, else all.

        Args:
            table: The table.
            state: All of its rows; kept, where all are new.
            fresh: Those of them that are not stored like that, kept; None for all.
            gone: The keys whose stored rows are out of date, kept.
            size: How many rows there are in all; about as many as members where it is not given.

        Returns:
            All rows, in the cheapest form to read.
        """
        whole = self.counts["members"] if size is None else size
        if fresh is not None and gone is not None and self.size(fresh) * _FEW < whole:
            self.merged[table] = (gone, fresh)
            return state
        self.state[table] = state if fresh is None else self.keep(state)
        return self.state[table]

    def elapsed(self) -> float:
        """Return for how many seconds the pass has gone on; no decision reads it."""
        return round(perf_counter() - self.started, 3)

    def size(self, frame: Frame) -> int:
        """Return the number of rows."""
        if id(frame) in self.sizes:
            return self.sizes[id(frame)][1]
        return self.session.engine.size(frame)

    def some(self, frame: Frame) -> bool:
        """Return whether there are any rows."""
        return self.session.engine.some(frame)
