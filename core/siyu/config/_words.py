"""The words that problems share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

__all__ = ["closest", "listed", "shown"]

_LONGEST = 60
_WIDEST = 2**63


def shown(value: object) -> str:
    """Name a value in the words of TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"'{value if len(value) <= _LONGEST else value[:_LONGEST] + '…'}'"
    if isinstance(value, int) and abs(value) >= _WIDEST:
        return "a number of more than 64 bits"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, Mapping):
        return "a table"
    return "an array" if isinstance(value, list) else f"{value}"


def closest(word: str, known: Iterable[str]) -> str:
    """Return a hint with the one close match of a word, or an empty text."""
    names = sorted(known)
    found = get_close_matches(word, names, n=1) or [name for name in names if name.casefold() == word.casefold()]
    return f"did you mean '{found[0]}'?" if found else ""


def listed(known: Iterable[str]) -> str:
    """Return a hint that lists what is known."""
    names = sorted(known)
    return f"known are: {', '.join(names)}" if names else "there are none here"
