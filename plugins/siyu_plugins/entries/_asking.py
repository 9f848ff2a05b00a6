"""What a database is asked: a query, in the order of the column that tells what is new."""

from __future__ import annotations

__all__ = ["ROWS", "asked"]

ROWS = 250_000
"""How many rows make a batch where the driver asks; each is one pass of the intake."""


def asked(query: str, column: str, mark: str, bound: str | None) -> str:
    """Return a query for the rows that are new, in their order.

    Args:
        query: The query that a config has.
        column: The column that tells what is new; empty for all rows in any order.
        mark: What stands around the name of a column.
        bound: The least value that is asked for, as the database's language has it; None for any.
    """
    if not column:
        return query
    name = mark + column.replace(mark, mark + mark) + mark
    least = "" if bound is None else f" AND {name} >= {bound}"
    return f"SELECT * FROM ({query}) AS asked WHERE {name} IS NOT NULL{least} ORDER BY {name}"  # noqa: S608 - a config's
