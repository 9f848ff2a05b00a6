"""One pass over the store: what it reads, what it keeps meanwhile, and what it appends in one commit."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import narwhals as nw

from siyu.addresses import Vault
from siyu.relations import Tables
from siyu.stores.arrow import arrow_table
from siyu.stores.engine import DuckEngine, sql_type
from siyu.stores.reading import DuckIntake
from siyu.tables import LOGS, TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import duckdb

    from siyu.config.programme import Programme
    from siyu.kinds import Frame
    from siyu.stores.duckdb import DuckStore
    from siyu.view import View

__all__ = ["AHEAD", "Session", "Writer"]

AHEAD = "~"
"""What parts the name of a table of state from the run that writes it ahead."""

# From so many rows on they go over as Arrow, where it is installed: it takes a tenth of the time.
_MANY = 500


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
            self._holding = None
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
        many = arrow_table({"value": list(values)}) if len(values) >= _MANY else None
        sought, given = ("FROM many", []) if many is not None else ("SELECT unnest($1::BIGINT[])", [list(values)])
        whole = " UNION ALL ".join(f"{one} ({sought})" for one in (query, *more))
        found: list[tuple[Any, ...]] = self.cursor.execute(whole, given).fetchall()
        return found

    def came(self, types: Sequence[str], since: int) -> bool:
        """Return whether events of some types came into the log after a ``seq``."""
        query = "SELECT 1 FROM events WHERE seq > ? AND type IN (SELECT unnest(?::VARCHAR[])) LIMIT 1"
        return bool(self.cursor.execute(query, [since, list(types)]).fetchall())

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


class Writer:
    """Appends rows to logs, giving them ``seq``, and replaces state, inside one transaction.

    Attributes:
        last: The last ``seq`` given so far.
        firsts: The first ``seq`` of each frame that was appended, by log.
    """

    def __init__(self, session: Session, run: int, last: int) -> None:
        """Start after ``last``; use ``Session.writing``."""
        self._session = session
        self._run = run
        self.last = last
        self.firsts: dict[str, list[int]] = {}

    def append(self, table: str, frame: Frame, *, numbered: bool = False) -> int:
        """Append the rows of a frame to a log, in their order; ``seq`` and ``run`` are given here.

        Args:
            table: The log.
            frame: The rows.
            numbered: Whether they have a ``seq`` that counts them without gaps; to number them anew takes as long
                as to write them, as one core does it.

        Returns:
            How many rows there were.
        """
        self.firsts.setdefault(table, []).append(self.last + 1)
        names = ", ".join(f'"{name}"' for name in LOGS[table].columns)
        rows = frame.select(*LOGS[table].columns, *(["seq"] if numbered else [])).to_native()
        number = f"seq + {self.last - self._before(rows)}" if numbered else f"{self.last} + row_number() OVER ()"
        done = self._session.cursor.execute(
            f'INSERT INTO "{table}" BY NAME SELECT {names}, {number} AS seq, {self._run} AS run FROM rows'
        )
        count: int = done.fetchall()[0][0]
        self.last += count
        return count

    def add(self, table: str, columns: Mapping[str, list[Any]]) -> None:
        """Append rows given as columns of values, without a frame in between: a few rows take a millisecond or two.

        Args:
            table: The log.
            columns: Its columns by name, all equally long, with at least one row; those left out are null.
        """
        count = len(next(iter(columns.values())))
        kinds = {name: sql_type(dtype) for name, dtype in LOGS[table].columns.items() if name in columns}
        # A value that all rows share goes over once.
        alike = {name: columns[name][0] for name in kinds if columns[name].count(columns[name][0]) == count}
        numbers = list(range(self.last + 1, self.last + 1 + count))
        differing = {name: columns[name] for name in kinds if name not in alike} | {"seq": numbers}
        given = [f'?::{kinds[name]} AS "{name}"' for name in alike] + [f"{self._run} AS run"]
        self._insert(table, given, list(alike.values()), differing, {**kinds, "seq": "BIGINT"})
        self.last += count

    def _insert(
        self,
        table: str,
        given: list[str],
        values: list[Any],
        differing: Mapping[str, list[Any]],
        kinds: Mapping[str, str],
    ) -> None:
        """Insert columns: those alike in all rows as expressions with their values, and those that differ."""
        rows = arrow_table(differing) if len(differing["seq"]) >= _MANY else None
        if rows is not None:
            names = [f'"{name}"' for name in differing]
            query, parameters = f"SELECT {', '.join(given + names)} FROM rows", values
        else:
            lists = [f'unnest(?::{kinds[name]}[]) AS "{name}"' for name in differing]
            query, parameters = f"SELECT {', '.join(given + lists)}", [*values, *differing.values()]
        self._session.cursor.execute(f'INSERT INTO "{table}" BY NAME {query}', parameters).fetchall()

    @staticmethod
    def _before(rows: duckdb.DuckDBPyRelation) -> int:
        """Return the number before the least ``seq`` of rows."""
        least = rows.aggregate("min(seq)").fetchall()[0][0]
        return 0 if least is None else int(least) - 1

    def merge(self, table: str, gone: Frame, rows: Frame) -> None:
        """Take the rows out of a table of state that have the keys of ``gone``, and put ``rows`` in."""
        keys = gone.collect_schema().names()
        out = gone.to_native()  # noqa: F841 - DuckDB reads the variable by its name
        same = " AND ".join(f'"{table}"."{key}" = out."{key}"' for key in keys)
        self._session.cursor.execute(f'DELETE FROM "{table}" USING out WHERE {same}').fetchall()
        come = rows.to_native()  # noqa: F841 - as above
        self._session.cursor.execute(f'INSERT INTO "{table}" BY NAME FROM come').fetchall()

    def reprop(self, events: Frame) -> None:
        """Give events other ``props``, by their ``seq``: where they may not be kept any longer."""
        others = events.to_native()  # noqa: F841 - DuckDB reads the variable by its name
        query = "UPDATE events SET props = others.props FROM others WHERE events.seq = others.seq"
        self._session.cursor.execute(query).fetchall()

    def note(self, name: str, value: str) -> None:
        """Note a fact of the store itself."""
        self._session.cursor.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", [name, value])

    def blank(self, table: str, column: str, until: int) -> None:
        """Empty an attribute in a table of state where its ``column:second`` is not after a moment."""
        names = {row[0] for row in self._session.cursor.execute(f'DESCRIBE "{table}"').fetchall()}
        if f"{column}:second" in names:
            where = f'"{column}:second" <= {until} AND "{column}" IS NOT NULL'
            self._session.cursor.execute(f'UPDATE "{table}" SET "{column}" = NULL WHERE {where}').fetchall()

    def replace(self, table: str, frame: Frame) -> None:
        """Replace a table of state by a frame, with the frame's columns; it may have been written ahead."""
        if self._session.take_ahead(table):
            return
        rows = frame.to_native()  # noqa: F841 - DuckDB reads the variable by its name
        self._session.cursor.execute(f'CREATE OR REPLACE TABLE "{table}" AS FROM rows').fetchall()
