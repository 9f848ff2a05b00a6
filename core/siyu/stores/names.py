"""How names and texts are written in SQL."""

from __future__ import annotations

__all__ = ["identifier", "literal"]


def identifier(name: str) -> str:
    """Return the name of a table or a column, quoted."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text, quoted as a value."""
    return "'" + text.replace("'", "''") + "'"
