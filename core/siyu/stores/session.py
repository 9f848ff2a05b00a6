"""One pass over the store: what it reads, and what it keeps meanwhile."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import narwhals as nw

from siyu.addresses import Vault
from siyu.relations import Tables
from siyu.stores.arrow import MANY, arrow_table
from siyu.stores.engine import DuckEngine
from siyu.stores.reading import DuckIntake
from siyu.stores.writing import Writer
from siyu.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    import duckdb

    from siyu.config.programme import Programme
    from siyu.kinds import Frame
    from siyu.stores.duckdb import DuckStore
    from siyu.view import View

__all__ = ["AHEAD", "Session"]

AHEAD = "~"
"""What parts the name of a table of state from the run that writes it ahead."""


class Session:
    """A cursor of its own, with what was kept on it.

    Attributes:
        store: The store.
        cursor: The cursor; it sees neither what others keep nor what they have not committed.
        engine: The engine over it.
        vault: Encrypts addresses.
    """

    def __init__(self, store: DuckStore, cursor: duckdb.DuckDBPyConnection, keys: Sequence[str]) -> None:
        """Wrap a cursor; use ``DuckStore.opened``."""
        self.store = store
        self.cursor = cursor
        self.engine = DuckEngine(cursor, keys[0], keys[1:], large=store.large)
        self.vault = Vault(keys)
        self._ahead: dict[str, str] = {}
        self._holding: dict[str, bool] | None = None
        self._folds: list[dict[str, Any]] | None = None
        self._made: list[str] = []

    @contextmanager
    def reading(self) -> Iterator[int]:
        """Read one snapshot, of which the last ``seq`` is given; what is kept meanwhile outlives it."""
        with self.store.numbering:
            last = self.store.last
            self.cursor.begin()
            # A snapshot is taken by the first statement, and not when a transaction begins.
            self.cursor.execute("SELECT count(*) FROM meta").fetchall()
        self._holding = {}
        try:
            yield last
        except BaseException:
            self.cursor.rollback()
            raise
        finally:
            self._holding = self._folds = None
        self.cursor.commit()

    @contextmanager
    def writing(self, run: int, *, keep: bool = True) -> Iterator[Writer]:
        """Append to the logs and replace state in one transaction.

        Args:
            run: The run that writes.
            keep: False to roll everything back at the end, as a plan does.
        """
        with self.store.numbering:
            self.cursor.begin()
            writer = Writer(self, run, self.store.last)
            try:
                yield writer
            except BaseException:
                self.cursor.rollback()
                raise
            if not keep:
                self.cursor.rollback()
                return
            self.cursor.commit()
            self.store.last = writer.last

    def intake(
        self, programme: Programme, *, now: int, cursor: str, view: Callable[[], View] | None = None
    ) -> DuckIntake:
        """Return what an entry reads with.

        Args:
            programme: The brand's config, for its folder and currency.
            now: The run's moment.
            cursor: What the entry's last committed batch left behind.
            view: Gives what is known by then; None where an entry may not ask.
        """
        exponent = programme.brand.exponent
        folder = programme.folder.resolve()
        found = DuckIntake(self.cursor, self.engine, folder=folder, now=now, cursor=cursor, exponent=exponent)
        found.known = view
        return found

    def table(self, name: str) -> Frame:
        """Return a table as a frame."""
        return nw.from_native(self.cursor.table(f'"{name}"'))

    def tables(self) -> Tables:
        """Return every table as a frame, by name; each is made where it is asked for."""
        return Tables(self.table, TABLES)

    def holds(self, name: str) -> bool:
        """Return whether a table has any rows; of a snapshot it is asked once."""
        known = {} if self._holding is None else self._holding
        if name not in known:
            known[name] = bool(self.cursor.execute(f'SELECT 1 FROM "{name}" LIMIT 1').fetchall())
        return known[name]

    def stored(self, table: str, columns: Sequence[str], **equal: object) -> list[tuple[Any, ...]]:
        """Return some columns of the rows of a table that have given values, without a frame in between.

        To make a frame of a table and to ask it takes several times as long, where there is next to nothing to read.
        """
        names = ", ".join(f'"{name}"' for name in columns)
        where = " AND ".join(f'"{name}" = ?' for name in equal)
        query = f'SELECT {names} FROM "{table}" WHERE {where}'
        found: list[tuple[Any, ...]] = self.cursor.execute(query, list(equal.values())).fetchall()
        return found

    def folds(self) -> list[dict[str, Any]]:
        """Return the rows of ``folds`` by column, those of a snapshot as they were read first."""
        if self._folds is not None:
            return self._folds
        columns = ", ".join(f'"{name}"' for name in TABLES["folds"].columns)
        rows = self.cursor.execute(f"SELECT {columns} FROM folds ORDER BY ALL").fetchall()
        found = [dict(zip(TABLES["folds"].columns, row, strict=True)) for row in rows]
        if self._holding is not None:
            self._folds = found
        return found

    def found(self, table: str, columns: Sequence[str], values: Sequence[int]) -> list[tuple[Any, ...]]:
        """Return some columns of the rows whose first one of these is among the values, straight from a table."""
        names = ", ".join(f'"{name}"' for name in columns)
        return self._sought(f'SELECT {names} FROM "{table}" WHERE "{columns[0]}" IN', values)

    def known(self, numbers: Sequence[int]) -> tuple[dict[int, int], set[int]]:
        """Return the least ids of those that were joined with others, and which are of outside ids in the log.

        It is one statement, since to plan one takes longer than to find a few ids.
        """
        named = "SELECT value, NULL FROM identities WHERE value IN"
        rows = self._sought("SELECT member, canon FROM canon WHERE member IN", numbers, named)
        return {one: least for one, least in rows if least is not None}, {one for one, least in rows if least is None}

    def _sought(self, query: str, values: Sequence[int], *more: str) -> list[tuple[Any, ...]]:
        """Return the rows of queries that end before the values, together."""
        many = arrow_table({"value": list(values)}) if len(values) >= MANY else None
        sought, given = ("FROM many", []) if many is not None else ("SELECT unnest($1::BIGINT[])", [list(values)])
        whole = " UNION ALL ".join(f"{one} ({sought})" for one in (query, *more))
        found: list[tuple[Any, ...]] = self.cursor.execute(whole, given).fetchall()
        return found

    def came(self, types: Sequence[str], since: int) -> bool:
        """Return whether events of some types came into the log after a ``seq``."""
        query = "SELECT 1 FROM events WHERE seq > ? AND type IN (SELECT unnest(?::VARCHAR[])) LIMIT 1"
        return bool(self.cursor.execute(query, [since, list(types)]).fetchall())

    def has(self, kind: str) -> bool:
        """Return whether the log has events of a type."""
        return bool(self.cursor.execute("SELECT 1 FROM events WHERE type = ? LIMIT 1", [kind]).fetchall())

    def grew(self, log: str, since: int, own: tuple[int, int] = (1, 0)) -> bool:
        """Return whether rows came into a log after a ``seq``, but for those from one number to another, if any."""
        query = f'SELECT 1 FROM "{log}" WHERE seq > ? AND seq NOT BETWEEN ? AND ? LIMIT 1'
        return bool(self.cursor.execute(query, [since, *own]).fetchall())

    def happened(self, types: Collection[str] | None, after: int, until: int) -> bool:
        """Return whether the log has events of some types, or of any, after one moment and not after another."""
        query, values = "SELECT 1 FROM events WHERE second > ? AND second <= ?", [after, until]
        if types is None:
            return bool(self.cursor.execute(f"{query} LIMIT 1", values).fetchall())
        named = f"{query} AND type IN (SELECT unnest(?::VARCHAR[])) LIMIT 1"
        return bool(self.cursor.execute(named, [*values, sorted(types)]).fetchall())

    def write_ahead(self, table: str, frame: Frame, run: int) -> None:
        """Write a table of state anew under another name, so that the commit has to do no more than rename it.

        It must not be called while this session reads or writes: others are to wait for neither.

        Args:
            table: The table.
            frame: Its rows, with their columns.
            run: The run that writes it.
        """
        name = f"{table}{AHEAD}{run}"
        rows = frame.to_native()  # noqa: F841 - DuckDB reads the variable by its name
        self._ahead[table] = name
        self._made.append(name)
        self.cursor.execute(f'CREATE TABLE "{name}" AS FROM rows').fetchall()

    def take_ahead(self, table: str) -> bool:
        """Put what was written ahead in the place of a table of state; return whether there was any."""
        name = self._ahead.pop(table, None)
        if name is not None:
            self.cursor.execute(f'DROP TABLE "{table}"')
            self.cursor.execute(f'ALTER TABLE "{name}" RENAME TO "{table}"')
        return name is not None

    def grown(self, rows: int) -> None:
        """Go on as over a store that has so many rows more than are committed: a pass may bring in most of them."""
        self.store.reckon(self.store.last + rows)
        self.engine.large = self.store.large

    def close(self) -> None:
        """Drop what was kept, and what was written ahead for nothing, and close the cursor."""
        self.engine.drop()
        for name in self._made:
            self.cursor.execute(f'DROP TABLE IF EXISTS "{name}"')
        self.cursor.close()
        self.store.released()
