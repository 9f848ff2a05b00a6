"""The store's tables in SQL, its version, and how an older store is brought forward."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siyu.stores.engine import sql_type
from siyu.tables import TABLES, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import duckdb

    from siyu.tables import Schema

__all__ = ["MIGRATIONS", "VERSION", "columns_sql", "create", "newest"]


def columns_sql(schema: Schema) -> str:
    """Return a schema as SQL column definitions."""
    return ", ".join(f'"{name}" {sql_type(dtype)}' for name, dtype in schema.items())


def _create_table(cursor: duckdb.DuckDBPyConnection, table: Table) -> None:
    key = f", PRIMARY KEY ({', '.join(table.key)})" if table.key else ""
    cursor.execute(f'CREATE TABLE "{table.name}" ({columns_sql(table.schema)}{key})')


# The tables of a version are those of the versions before it and what it adds.
_SINCE = {
    "pairs": 2,
    "folds": 2,
    "flags": 2,
    "segments": 2,
    "shared": 3,
    "addresses": 3,
    "superseded": 3,
    "closings": 5,
    "suppressions": 6,
    "accesses": 6,
}


def newest(cursor: duckdb.DuckDBPyConnection) -> None:
    """Create every table in an empty store, as all migrations together would leave it."""
    for table in TABLES.values():
        _create_table(cursor, table)


def create(cursor: duckdb.DuckDBPyConnection) -> None:
    """Create every table of version 1 in an empty store."""
    _add(cursor, 1)


def fold(cursor: duckdb.DuckDBPyConnection) -> None:
    """Add what tells up to where state is folded; the next run builds all state anew."""
    _add(cursor, 2)


def share(cursor: duckdb.DuckDBPyConnection) -> None:
    """Add the ids that too many share, and who linked; addresses, of which there were none before, have a kind.

    And what tells which rows of a log later ones revise.
    """
    cursor.execute("ALTER TABLE links ADD COLUMN IF NOT EXISTS by_hand BOOLEAN")
    cursor.execute("UPDATE links SET by_hand = true")
    cursor.execute("DROP TABLE IF EXISTS addresses")
    _add(cursor, 3)


def _add(cursor: duckdb.DuckDBPyConnection, version: int) -> None:
    for table in TABLES.values():
        if _SINCE.get(table.name, 1) == version:
            _create_table(cursor, table)


def source(cursor: duckdb.DuckDBPyConnection) -> None:
    """Add where a statement of consent comes from."""
    cursor.execute("ALTER TABLE consents ADD COLUMN IF NOT EXISTS source VARCHAR")


def close(cursor: duckdb.DuckDBPyConnection) -> None:
    """Add the months that are closed."""
    _add(cursor, 5)


def protect(cursor: duckdb.DuckDBPyConnection) -> None:
    """Add who is never touched, and who looked at whom."""
    _add(cursor, 6)


def account(cursor: duckdb.DuckDBPyConnection) -> None:
    """Add which rule of the gate a receipt is of."""
    cursor.execute("ALTER TABLE receipts ADD COLUMN IF NOT EXISTS rule VARCHAR")


def rekey(cursor: duckdb.DuckDBPyConnection) -> None:
    """Key ids by their hash alone, which the kind is part of: so few of them are found without reading all."""
    cursor.execute("CREATE TEMP TABLE before AS FROM identities")
    cursor.execute("DROP TABLE identities")
    _create_table(cursor, TABLES["identities"])
    cursor.execute("INSERT INTO identities BY NAME FROM before")
    cursor.execute("DROP TABLE before")


MIGRATIONS: Mapping[int, Callable[[duckdb.DuckDBPyConnection], None]] = {
    1: create,
    2: fold,
    3: share,
    4: source,
    5: close,
    6: protect,
    7: account,
    8: rekey,
}
"""What brings a store to a version, by that version: forward only, each inside one transaction."""

VERSION = max(MIGRATIONS)
"""The version that this release reads and writes."""
