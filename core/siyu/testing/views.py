"""A view over a few rows in memory, on either engine, to try a component without a store."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import duckdb
import narwhals as nw
from attrs import define

from siyu.config.programme import load
from siyu.kinds import Tagger
from siyu.moments import day_number, moment
from siyu.registry import discover
from siyu.relations import Tables
from siyu.runs import Run
from siyu.stages.feature import feature
from siyu.stages.identify import identify
from siyu.stages.segment import segment
from siyu.stages.tag import tag
from siyu.stores.engine import DuckEngine
from siyu.tables import TABLES
from siyu.testing.polars import PolarsEngine
from siyu.view import View
from siyu.work import Work

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from siyu.config.programme import Programme
    from siyu.engine import Engine
    from siyu.kinds import Frame
    from siyu.registry import Registry

__all__ = ["EngineName", "MemorySession", "engine_of", "programme_of", "view", "work"]

EngineName = Literal["duckdb", "polars"]

KEY = "test"
"""The key that ids are made with in these views."""


@define
class MemorySession:
    """What a pass needs of a store's session, over frames in memory; it commits nothing.

    Attributes:
        engine: The engine.
        held: The tables by name.
        given: The names of those that have rows; None to look.
        last: The last ``seq``.
    """

    engine: Engine
    held: dict[str, Frame] | Tables
    given: Collection[str] | None = None
    last: int = 1_000_000

    @property
    def store(self) -> MemorySession:
        """The session itself, which knows the last ``seq``."""
        return self

    def table(self, name: str) -> Frame:
        """Return a table as a frame."""
        return self.held[name]

    def holds(self, name: str) -> bool:
        """Return whether a table has any rows."""
        if self.given is not None:
            return name in self.given
        return bool(self.engine.rows(self.held[name].head(1)))

    def stored(self, table: str, columns: Sequence[str], **equal: object) -> list[tuple[Any, ...]]:
        """Return some columns of the rows of a table that have given values."""
        if not self.holds(table):
            return []
        found = self.held[table].filter(*(nw.col(name) == value for name, value in equal.items()))
        return self.engine.rows(found.select(*columns))

    def grew(self, log: str, since: int, own: tuple[int, int] = (1, 0)) -> bool:
        """Return whether rows came into a log after a ``seq``, but for those from one number to another, if any."""
        if not self.holds(log):
            return False
        later = self.held[log].filter(nw.col("seq") > since, ~nw.col("seq").is_between(*own))
        return bool(self.engine.rows(later.head(1)))

    def happened(self, types: Collection[str] | None, after: int, until: int) -> bool:
        """Return whether the log has events of some types, or of any, after one moment and not after another."""
        found = self.held["events"].filter(nw.col("second") > after, nw.col("second") <= until)
        named = found if types is None else found.filter(nw.col("type").is_in(sorted(types)))
        return bool(self.engine.rows(named.head(1)))

    def has(self, kind: str) -> bool:
        """Return whether the log has events of a type."""
        found = self.held["events"].filter(nw.col("type") == kind)
        return self.holds("events") and bool(self.engine.rows(found.head(1)))

    def folds(self) -> list[dict[str, Any]]:
        """Return the rows of ``folds`` by column."""
        if not self.holds("folds"):
            return []
        columns = list(TABLES["folds"].columns)
        rows = self.engine.rows(self.held["folds"].select(*columns))
        return [dict(zip(columns, row, strict=True)) for row in rows]

    def tables(self) -> dict[str, Frame] | Tables:
        """Return every table as a frame, by name."""
        return self.held | {}


def engine_of(name: EngineName) -> Engine:
    """Return a fresh engine."""
    return PolarsEngine(KEY) if name == "polars" else DuckEngine(_database().cursor(), KEY)


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """One database for all engines of a process: to open one takes longer than many a view."""
    return duckdb.connect()


@cache
def _installed() -> Registry:
    """Return the installed plugins, which stay the same while tests run."""
    return discover().require()


def programme_of(toml: str, plugins: Mapping[str, object] | None = None) -> tuple[Programme, Registry]:
    """Load a brand from one text of TOML; ``[brand]`` may be left out. ``plugins`` come beside the installed ones."""
    registry = discover(extra=plugins).require() if plugins else _installed()
    text = toml if "[brand]" in toml else f'[brand]\nname = "Test"\n{toml}'
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "brand.toml").write_text(text, encoding="utf-8")
        return load(folder, registry), registry


def work(
    toml: str,
    rows: Mapping[str, Iterable[Mapping[str, Any]]],
    now: str | int,
    engine: EngineName,
    plugins: Mapping[str, object] | None = None,
) -> Work:
    """Return a pass over rows in memory, with members, features, tags and segments computed.

    Args:
        toml: The brand's config.
        rows: Rows by table. A row of ``events`` may give ``at`` (ISO text, in the brand's zone where it has no
            offset) for ``time``, ``second`` and ``day``; ``id`` and ``seq`` are numbered where they are missing.
        now: The moment, as ISO text or epoch seconds.
        engine: On which engine.
        plugins: Further plugins by name, beside those that are installed.
    """
    programme, registry = programme_of(toml, plugins)
    chosen = engine_of(engine)
    lists = {name: list(found) for name, found in rows.items()}
    given = {name: _table(chosen, programme, name, found) for name, found in lists.items()}
    every = Tables(lambda name: _table(chosen, programme, name, ()), TABLES) | given
    session = MemorySession(chosen, every, [name for name, found in lists.items() if found])
    second = now if isinstance(now, int) else moment(now, programme.brand.zone)
    run = Run(id=1, kind="run", now=second, config=programme.hash, watermark=session.last)
    made = View(session.tables(), now=second, programme=programme, engine=chosen)
    passing = Work(session, programme, registry, run, made)  # type: ignore[arg-type]
    for stage, asked in ((identify, True), (feature, True), (tag, programme.of(Tagger)), (segment, programme.segments)):
        if asked:
            stage(passing)
    return passing


def view(
    toml: str,
    rows: Mapping[str, Iterable[Mapping[str, Any]]],
    now: str | int,
    engine: EngineName = "polars",
    plugins: Mapping[str, object] | None = None,
) -> View:
    """Return the view of such a pass: see ``work``."""
    return work(toml, rows, now, engine, plugins).view


def _table(engine: Engine, programme: Programme, name: str, rows: Iterable[Mapping[str, Any]]) -> Frame:
    schema = TABLES[name].schema
    filled = [_filled(programme, name, number, row) for number, row in enumerate(rows, 1)]
    return engine.frame({column: [row.get(column) for row in filled] for column in schema}, schema)


def _filled(programme: Programme, table: str, number: int, row: Mapping[str, Any]) -> dict[str, Any]:
    """Fill what can be derived, and refuse columns that the table does not have.

    Raises:
        KeyError: The row has such a column.
    """
    given = dict(row)
    second = given.get("second")
    if "at" in given:
        second = moment(given.pop("at"), programme.brand.zone)
    if table == "events" and second is not None:
        time = datetime.fromtimestamp(second, UTC).replace(tzinfo=None)
        day = day_number(programme.brand.zone, second)
        given = {"id": number, "source": "test", "source_id": str(number), "time": time, "day": day} | given
        given["second"] = second
    unknown = set(given) - set(TABLES[table].schema)
    if unknown:
        raise KeyError(table, sorted(unknown))
    return {"seq": number, "run": 1} | given
