"""The JSON Schema of each type that a config writes as one value.

Patterns are ECMAScript's and of ASCII only, so that all editors read them alike.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from siyu.config.days import FESTIVALS, Festival, Weekdays
from siyu.config.expressions import Condition
from siyu.config.rates import Rate
from siyu.config.units import Clock, ClockRange, Duration, Money, Secret, Share

__all__ = ["LEAVES", "Json", "reward", "value"]

Json = dict[str, Any]

_WIDEST = 2**63
_CLOCK = "(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?"
_MINUTE = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
# "10:00" and "10:00:00" are one time, and a range that ends when it starts is none.
_SAME = rf"(?!\s*(?:({_MINUTE})(?::00)?\s*-\s*\1(?::00)?|({_CLOCK})\s*-\s*\2)\s*$)"
_LONG = "(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
_SHORT = "(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
_LEAP = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29"
_COMMON = f"[0-9]{{4}}-(?:{_LONG}|{_SHORT}|02-(?:0[1-9]|1[0-9]|2[0-8]))"
_PART = r"(?:\.[0-9]{1,2})?"


def _weekdays() -> str:
    """Return the pattern of weekdays, with capitals and blanks wherever people put them."""
    words = (
        " *".join(f"[{letter.upper()}{letter}]" for letter in day)
        for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    )
    day = f"(?:{'|'.join(words)})"
    span = f" *{day}(?: *- *{day})? *"
    return f"^{span}(?:,{span})*$"


_PATTERNS: dict[type, str] = {
    Duration: "^(?=.)(?:[0-9]{1,9}w)?(?:[0-9]{1,9}d)?(?:[0-9]{1,9}h)?(?:[0-9]{1,9}m)?(?:[0-9]{1,9}s)?$",
    Clock: f"^{_CLOCK}$",
    ClockRange: rf"^{_SAME}\s*{_CLOCK}\s*-\s*{_CLOCK}\s*$",
    Share: f"^(?:0?[0-9]{{1,2}}{_PART}|100(?:\\.00?)?)%$",
    Rate: "^[1-9][0-9]{0,8}/(?:s|min|h|d)$",
    Weekdays: _weekdays(),
}

_PLAIN: dict[type, Json] = {
    str: {"type": "string"},
    int: {"type": "integer", "minimum": -_WIDEST, "maximum": _WIDEST - 1},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    Path: {"type": "string", "pattern": r"^[^\u0000]+$"},
    date: {
        "type": "string",
        "format": "date",
        "pattern": f"^(?!0000)(?:{_COMMON}|{_LEAP})$",
        "patternErrorMessage": "expected a day that exists, as in 2026-11-11",
    },
    Festival: {"type": "string", "enum": list(FESTIVALS)},
    Condition: {
        "type": "string",
        "pattern": r"\S",
        "patternErrorMessage": 'expected a condition, as in "orders_90d >= 3"',
    },
    Secret: {
        "type": "object",
        "properties": {name: {"type": "string", "pattern": r"\S"} for name in ("env", "file")},
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    },
}

LEAVES: tuple[type, ...] = (*_PLAIN, *_PATTERNS, Money)
"""The types that are written as one value."""

_GIVEN: Json = {
    "anyOf": [
        {"type": "integer", "minimum": 1, "maximum": _WIDEST - 1, "description": "how much of it"},
        {"type": "string", "minLength": 1, "description": "which of its items"},
    ]
}


def value(cls: type, exponent: int) -> Json | None:
    """Return the schema of a type that is written as one value; None for every other.

    Args:
        cls: The type.
        exponent: How many decimals the brand's currency has.
    """
    if cls is Money:
        part = rf"(?:\.[0-9]{{{exponent}}})?" if exponent else ""
        words = _words(Money.parse, exponent)
        return {"type": "string", "pattern": f"^-?[0-9]{{1,15}}{part}$", "patternErrorMessage": words}
    if cls in _PATTERNS:
        return {"type": "string", "pattern": _PATTERNS[cls], "patternErrorMessage": _words(cls.parse)}  # type: ignore[attr-defined]
    return dict(_PLAIN[cls]) if cls in _PLAIN else None


def reward(*, several: bool) -> Json:
    """Return the schema of rewards: a table with the incentives' names as keys."""
    found: Json = {"type": "object", "additionalProperties": _GIVEN, "description": "how much of which incentive"}
    return found if several else {**found, "minProperties": 1, "maxProperties": 1}


def _words(parse: Any, *more: int) -> str:  # noqa: ANN401 - the parser of any unit
    """Return what a parser says that it expects, in its own words."""
    try:
        parse("", *more)
    except ValueError as error:
        return str(error).partition(", not ")[0]
    return ""
