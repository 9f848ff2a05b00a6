"""What is appended to a store in one commit: rows of logs, and state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from siyu.stores.arrow import MANY, arrow_table
from siyu.stores.engine import sql_type
from siyu.tables import LOGS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siyu.kinds import Frame
    from siyu.stores.session import Session

__all__ = ["Writer"]


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

    def append(self, table: str, frame: Frame, before: int | None = None) -> int:
        """Append the rows of a frame to a log, in their order; ``seq`` and ``run`` are given here.

        Args:
            table: The log.
            frame: The rows; what they have beside the columns of the log is left out.
            before: The number before the first, where they have a ``seq`` that counts them without gaps; else None: to
                number them anew takes as long as to write them, as one core does it.

        Returns:
            How many rows there were.
        """
        self.firsts.setdefault(table, []).append(self.last + 1)
        names = ", ".join(f'"{name}"' for name in LOGS[table].columns)
        rows = frame.to_native()  # noqa: F841 - DuckDB reads the variable by its name
        number = f"{self.last} + row_number() OVER ()" if before is None else f"seq + {self.last - before}"
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
        rows = arrow_table(differing) if len(differing["seq"]) >= MANY else None
        if rows is not None:
            names = [f'"{name}"' for name in differing]
            query, parameters = f"SELECT {', '.join(given + names)} FROM rows", values
        else:
            lists = [f'unnest(?::{kinds[name]}[]) AS "{name}"' for name in differing]
            query, parameters = f"SELECT {', '.join(given + lists)}", [*values, *differing.values()]
        self._session.cursor.execute(f'INSERT INTO "{table}" BY NAME {query}', parameters).fetchall()

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
