"""The engine over a DuckDB cursor: see ``siyu.engine``."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import narwhals as nw

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import duckdb
    from narwhals.dtypes import DType

    from siyu.kinds import Frame
    from siyu.tables import Schema

__all__ = ["DuckEngine", "sql_type"]

_SQL_TYPES: dict[DType, str] = {
    nw.String(): "VARCHAR",
    nw.Int64(): "BIGINT",
    nw.Int32(): "INTEGER",
    nw.Float64(): "DOUBLE",
    nw.Boolean(): "BOOLEAN",
    nw.Date(): "DATE",
    nw.Datetime("us"): "TIMESTAMP",
}
_JSON_TYPES: dict[DType, str] = {
    nw.String(): "'VARCHAR'",
    nw.Int64(): "'BIGINT', 'UBIGINT'",
    nw.Int32(): "'BIGINT', 'UBIGINT'",
    nw.Float64(): "'BIGINT', 'UBIGINT', 'DOUBLE'",
    nw.Boolean(): "'BOOLEAN'",
}
# So many rows are unpacked from lists each time that they are read; more are held unpacked.
_FEW = 1_000
# What DuckDB numbers the rows of a table from, until it is committed; then from 0.
_UNCOMMITTED = 36_028_797_018_960_000
# Numbers are never used twice, as two engines may share a cursor, and with it the names of temporary tables.
_NUMBERS = count()


class DuckEngine:
    """What the core asks of DuckDB: the rows of kept frames are held outside of transactions, few outside of tables.

    Attributes:
        large: Whether frames can have many rows: of tables DuckDB knows more, and plans better.
        versions: How many keys the brand has had.
    """

    def __init__(
        self, cursor: duckdb.DuckDBPyConnection, key: str, newer: Sequence[str] = (), *, large: bool = False
    ) -> None:
        """Work on this cursor, with the brand's first secret key and those that followed it."""
        self.large = large
        self._cursor = cursor
        self._keys = (key, *newer)
        self.versions = len(self._keys)
        self._kept: list[str] = []
        self._sizes: WeakKeyDictionary[duckdb.DuckDBPyRelation, int] = WeakKeyDictionary()

    def keep(self, frame: Frame, number: str = "", *, ordered: bool = False) -> Frame:
        """Compute a frame once and return a frame over its rows, which are held as long as somebody has it.

        Args:
            frame: The rows.
            number: A column to add that numbers them from 1 in the order in which they stand (Int64).
            ordered: Whether the rows stand as they stood; else only where they are sorted.
        """
        if number or ordered or self.large:
            return self._tabled(frame, number)
        # Each statement that makes a table has all frames before it bound anew, which few rows are not worth.
        return _lazy(frame.to_native().materialize())

    def rows(self, frame: Frame) -> list[tuple[Any, ...]]:
        """Return all rows as Python tuples, in the frame's order of columns and rows."""
        rows: list[tuple[Any, ...]] = frame.to_native().fetchall()
        return rows

    def size(self, frame: Frame) -> int:
        """Return the number of rows, at no price where the frame was kept in a table."""
        known = self._sizes.get(frame.to_native())
        return int(self.rows(frame.select(nw.len()))[0][0]) if known is None else known

    def some(self, frame: Frame) -> bool:
        """Return whether there are any rows, at no price where the frame was kept in a table."""
        known = self._sizes.get(frame.to_native())
        return bool(self.rows(frame.head(1)) if known is None else known)

    def frame(self, columns: Mapping[str, Sequence[Any]], schema: Schema) -> Frame:
        """Return a frame of the given columns.

        Args:
            columns: The values by column, all equally many; a moment is a datetime without a zone, in UTC.
            schema: The type of each column, in the order of the frame's columns.
        """
        values: list[Any] = [list(columns[column]) for column in schema]
        typed = ", ".join(
            f"unnest(col{place}::{sql_type(dtype)}[]) AS {_identifier(column)}"
            for place, (column, dtype) in enumerate(schema.items())
        )
        lists = self._cursor.values(values).project(typed)
        return _lazy(lists if len(values[0]) <= _FEW else lists.materialize())

    def fields(self, frame: Frame, column: str, schema: Schema) -> Frame:
        """Add one column for each name of the schema, read from a column of JSON text; null where absent.

        A value that is not of the schema's type is null, and so is all of a text that is no JSON object.

        Raises:
            KeyError: The schema has a type other than String, Int64, Int32, Float64 and Boolean.
        """
        text = _identifier(column)
        valid = f"CASE WHEN json_valid({text}) THEN CASE WHEN json_type({text}) = 'OBJECT' THEN {text} END END"
        source = frame.to_native().project(f'*, {valid} AS "__json"')
        read = ", ".join(f"{_field(name, dtype)} AS {_identifier(name)}" for name, dtype in schema.items())
        return _lazy(source.project(f'* EXCLUDE ("__json"), {read}' if read else '* EXCLUDE ("__json")'))

    def picked(self, frame: Frame, column: str, kind: str, names: Mapping[str, Collection[str]]) -> Frame:
        """Keep of a column of JSON objects only the keys that are named for a row's kind: see ``siyu.engine``."""
        text = _identifier(column)
        valid = f"CASE WHEN json_valid({text}) THEN CASE WHEN json_type({text}) = 'OBJECT' THEN {text} END END"
        source = frame.to_native().project(f'*, {valid} AS "__json"')
        keyed = source.project(f'*, json_keys("__json") AS "__keys", {_named(kind, names)} AS "__named"')
        lost = """CASE WHEN "__json" IS NULL THEN [''] ELSE
            list_sort(list_distinct(list_filter("__keys", lambda key: NOT list_contains("__named", key)))) END"""
        told = keyed.project(f'*, CASE WHEN {text} IS NOT NULL THEN {lost} ELSE [] END AS "__lost"')
        kept = ", ".join(_pair(name) for name in sorted({name for found in names.values() for name in found}))
        parts = f"""'{{' || nullif(concat_ws(',', NULL, {kept or "NULL"}), '') || '}}'"""
        whole = f"""CASE WHEN len("__lost") = 0 THEN {text} ELSE {parts} END AS {text}"""
        added = """len("__lost") AS dropped, nullif(array_to_string("__lost", ','), '') AS dropped_names"""
        return _lazy(told.project(f'* EXCLUDE ("__json", "__keys", "__named", "__lost") REPLACE ({whole}), {added}'))

    def hashed(self, frame: Frame, columns: Sequence[str], name: str, version: int = 0) -> Frame:
        """Add a column of ids: the keyed hash of the columns' texts joined with ``|``, a null as empty text.

        The columns are text or integers: other types are not written alike by every engine.
        """
        parts = " || '|' || ".join(f"coalesce({_identifier(column)}::VARCHAR, '')" for column in columns)
        digest = f"sha256({_literal(self._keys[version])} || {parts})"
        number = f"(('0x' || substr({digest}, 1, 16))::UBIGINT >> 2)::BIGINT"
        return _lazy(frame.to_native().project(f"*, {number} AS {_identifier(name)}"))

    def numbered(self, frame: Frame, name: str) -> Frame:
        """Add a column that numbers the rows from 1 in the order in which they stand (Int64)."""
        return _lazy(frame.to_native().project(f"*, row_number() OVER () AS {_identifier(name)}"))

    def seconds(self, frame: Frame, column: str, name: str) -> Frame:
        """Add a column of epoch seconds (Int64, rounded down) from one of moments; null for one without end."""
        moment = _identifier(column)
        # Cut to the second first: a division would round a moment before 1970 up.
        second = f"CASE WHEN isfinite({moment}) THEN epoch_us(date_trunc('second', {moment})) // 1000000 END"
        return _lazy(frame.to_native().project(f"*, {second} AS {_identifier(name)}"))

    def query(self, text: str, made: Frame | None = None) -> Frame:
        """Return a query as a frame; it may name ``made``, which is a frame of this engine."""
        return _lazy(self._cursor.sql(text) if made is None else made.to_native().query("made", text))

    def forget(self, *tables: str) -> None:
        """Drop tables that a query left."""
        for table in tables:
            self._cursor.execute(f"DROP TABLE IF EXISTS {table}")

    def drop(self) -> None:
        """Drop all tables of what was kept; the frames over them can no longer be used."""
        while self._kept:
            self._cursor.execute(f"DROP TABLE IF EXISTS {self._kept.pop()}")

    def _tabled(self, frame: Frame, number: str) -> Frame:
        """Keep a frame in a temporary table, whose rows have an order, and numbers that no window has to count."""
        name = f"temp.main.kept_{next(_NUMBERS)}"
        self._kept.append(name)
        done = self._cursor.execute(f"CREATE TEMP TABLE {name} AS {frame.to_native().sql_query()}")
        size = done.fetchall()[0][0]
        counted = f", rowid % {_UNCOMMITTED} + 1 AS {_identifier(number)}" if number else ""
        rows = self._cursor.sql(f"SELECT *{counted} FROM {name}")
        self._sizes[rows] = size
        return _lazy(rows)


def sql_type(dtype: DType) -> str:
    """Return DuckDB's name of a type.

    Raises:
        KeyError: No table of siyu has a column of this type.
    """
    return _SQL_TYPES[dtype]


def _identifier(name: str) -> str:
    """Return the name of a table or a column, quoted."""
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    """Return a text, quoted as a value."""
    return "'" + text.replace("'", "''") + "'"


def _field(name: str, dtype: DType) -> str:
    path = _path(name)
    value = f'TRY_CAST(json_extract_string("__json", {path}) AS {sql_type(dtype)})'
    # DuckDB takes NaN and Infinity for numbers, which JSON does not know.
    finite = f" AND isfinite({value})" if dtype == nw.Float64() else ""
    return f'CASE WHEN json_type("__json", {path}) IN ({_JSON_TYPES[dtype]}){finite} THEN {value} END'


def _named(kind: str, names: Mapping[str, Collection[str]]) -> str:
    """Return the list of names of a row's kind as SQL; kinds of the same names share a branch."""
    kinds: dict[tuple[str, ...], list[str]] = {}
    for one, found in names.items():
        kinds.setdefault(tuple(sorted(found)), []).append(_literal(one))
    branches = [
        f"WHEN {_identifier(kind)} IN ({', '.join(same)}) THEN [{', '.join(map(_literal, found))}]::VARCHAR[]"
        for found, same in kinds.items()
        if found
    ]
    return f"CASE {' '.join(branches)} ELSE []::VARCHAR[] END" if branches else "[]::VARCHAR[]"


def _pair(name: str) -> str:
    """Return a key of the object and its value as JSON, where the row has the key and keeps it."""
    has = f'list_contains("__named", {_literal(name)}) AND list_contains("__keys", {_literal(name)})'
    value = f'json_extract("__json", {_path(name)})::VARCHAR'
    return f"CASE WHEN {has} THEN to_json({_literal(name)})::VARCHAR || ':' || {value} END"


def _path(name: str) -> str:
    return _literal("/" + name.replace("~", "~0").replace("/", "~1"))


def _lazy(relation: duckdb.DuckDBPyRelation) -> Frame:
    return nw.from_native(relation)
