"""The converter of a config: what each type takes, and the words for what it refuses."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import attrs
from cattrs import Converter

from siyu.config._fields import Flawed, Wrong, gathered, structured
from siyu.config._words import closest, shown
from siyu.config.days import Festival, Weekdays
from siyu.config.expressions import Condition, ExpressionError
from siyu.config.rates import Rate
from siyu.config.units import Clock, ClockRange, Duration, Money, Secret, Share
from siyu.kinds import Reward

__all__ = ["converter"]

_MEANT = re.compile(r"did you mean '.*'\?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_WIDEST = 2**63
_PARSED = (Duration, Clock, ClockRange, Share, Rate, Weekdays, Festival)
_WORDS = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    date: "a day, as in 2026-11-11",
    Path: "a path as text",
    Duration: "a duration, as in '90d'",
    Money: "money as text, as in '500.00'",
    Clock: "a time of day, as in '09:30'",
    ClockRange: "a part of the day, as in '20:00-21:30'",
    Share: "a share, as in '10%'",
    Rate: "a rate as text, as in '20/min'",
    Weekdays: "weekdays as text, as in 'mon-fri'",
    Festival: "a festival, as in 'mid-autumn'",
    Condition: 'a condition, as in "orders_90d >= 3"',
    Secret: 'a secret, as in { env = "NAME" }',
}


@cache
def converter(exponent: int) -> Converter:
    """Return the converter for a currency of so many decimals."""
    made = Converter(forbid_extra_keys=True, detailed_validation=True)
    made.register_structure_hook_func(attrs.has, lambda value, cls: structured(cls, value, made, {}))
    for cls, hook in {str: _text, bool: _flag, int: _integer, float: _real, date: _day, Path: _path}.items():
        _exactly(made, cls, hook)
    for parsed in _PARSED:
        _exactly(made, parsed, _parsing(parsed.parse))
    _exactly(made, Money, _parsing(lambda value: Money.parse(value, exponent)))
    _exactly(made, Condition, _parsing(lambda value: Condition.parse(value, exponent)))
    _exactly(made, Secret, _secret)
    _exactly(made, Reward, _reward)
    made.register_structure_hook_func(_is_literal, _literal)
    made.register_structure_hook_func(_is_union, lambda value, cls: _union(value, cls, made))
    made.register_structure_hook_func(_is_array, lambda value, cls: _array(value, cls, made))
    made.register_structure_hook_func(_is_table, lambda value, cls: _table(value, cls, made))
    made.register_structure_hook_func(lambda cls: cls == tuple[Reward, ...], lambda value, _: _rewards(value))
    return made


def _exactly(made: Converter, cls: type, hook: Callable[[Any], Any]) -> None:
    # By class: a predicate would come after what cattrs has for primitives, which coerces.
    made.register_structure_hook(cls, lambda value, _: hook(value))


def _expected(what: str, value: object) -> Wrong:
    return Wrong(Flawed(f"expected {what}, not {shown(value)}"))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _expected(_WORDS[str], value)
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise _expected(_WORDS[bool], value)
    return value


def _integer(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _expected(_WORDS[int], value)
    if not -_WIDEST <= value < _WIDEST:
        raise _expected("a whole number of 64 bits", value)
    return value


def _real(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _expected(_WORDS[float], value)
    if not math.isfinite(value):
        raise _expected("a finite number", value)
    return float(value)


def _day(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise _expected("a day that exists, as in 2026-11-11", value) from None
    raise _expected(_WORDS[date], value)


def _path(value: object) -> Path:
    if not isinstance(value, str) or not value or "\0" in value:
        raise _expected(_WORDS[Path], value)
    return Path(value)


def _parsing(parse: Callable[[Any], Any]) -> Callable[[object], Any]:
    def hook(value: object) -> Any:  # noqa: ANN401 - whatever the parser makes
        try:
            return parse(value)
        except ExpressionError as error:
            flaw = error.flaw
            raise Wrong(Flawed(flaw.message, (), flaw.hint, offset=flaw.offset, width=flaw.width)) from None
        except ValueError as error:
            raise Wrong(Flawed(str(error))) from None

    return hook


def _secret(value: object) -> Secret:
    try:
        return Secret.parse(value)
    except ValueError as error:
        # What stands there may be the secret itself.
        raise Wrong(Flawed(str(error), on="key", secret=True)) from None


def _reward(value: object) -> Reward:
    rewards = _rewards(value)
    if len(rewards) != 1:
        raise Wrong(Flawed("expected one reward, as in { points = 200 }"))
    return rewards[0]


def _rewards(value: object) -> tuple[Reward, ...]:
    """Make rewards of a table: the incentive, and how much of it or which of its items."""
    if not isinstance(value, Mapping):
        raise Wrong(Flawed(f'expected rewards, as in {{ points = 200, coupon = "new-10" }}, not {shown(value)}'))
    flaws = [
        Flawed(f"expected how much, from 1 up, or an item's name, not {shown(given)}", (name,))
        for name, given in value.items()
        if not ((isinstance(given, str) and given) or (type(given) is int and 0 < given < _WIDEST))
    ]
    if flaws:
        raise Wrong(*flaws)
    return tuple(
        Reward(name, item=given) if isinstance(given, str) else Reward(name, given)
        for name, given in sorted(value.items())
    )


def _is_literal(cls: object) -> bool:
    origin: object = get_origin(cls)
    return origin is Literal


def _literal(value: object, cls: object) -> object:
    known = get_args(cls)
    for each in known:
        if type(each) is type(value) and each == value:
            return each
    texts = [str(each) for each in known]
    hint = closest(value, texts) if isinstance(value, str) else ""
    raise Wrong(Flawed(f"expected {_either(texts)}, not {shown(value)}", hint=hint))


def _either(words: list[str]) -> str:
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _is_union(cls: object) -> bool:
    return get_origin(cls) in (Union, UnionType)


def _union(value: object, cls: object, made: Converter) -> object:
    """Take the first type that takes the value; plain text comes last, since it takes what others mean."""
    types = [each for each in get_args(cls) if each is not NoneType]
    refused: list[tuple[bool, int, Wrong]] = []
    for each in sorted(types, key=lambda each: each is str):
        try:
            return made.structure(value, each)
        except Wrong as wrong:
            refused.append((not _shaped(value, each), len(wrong.flaws), wrong))
    near = [wrong for unlike, _, wrong in sorted(refused, key=lambda entry: entry[:2]) if not unlike]
    if len(types) == 1 or (near and isinstance(value, Mapping | list)) or len(near) == 1:
        raise (near or [refused[0][2]])[0]
    hints = [
        hint for wrong in near for flaw in wrong.flaws for hint in (flaw.hint, *_MEANT.findall(flaw.message)) if hint
    ]
    words = f"expected {' or '.join(_word(each) for each in types)}, not {shown(value)}"
    raise Wrong(Flawed(words, hint=hints[0] if hints else ""))


def _shaped(value: object, cls: object) -> bool:
    """Whether a value has the shape, if not the content, that a type takes."""
    if isinstance(value, Mapping):
        return _is_table(cls) or (isinstance(cls, type) and attrs.has(cls))
    if isinstance(value, list):
        return _is_array(cls)
    if isinstance(value, str):
        return cls in (*_PARSED, Money, Condition, date, Path) or _is_literal(cls)
    return cls in (int, float) and not isinstance(value, bool)


def _word(cls: Any) -> str:  # noqa: ANN401 - any type of an annotation
    if _is_literal(cls):
        return _either([str(each) for each in get_args(cls)])
    return _WORDS.get(cls) or ("an array" if _is_array(cls) else "a table")


def _is_array(cls: object) -> bool:
    return get_origin(cls) is list or (get_origin(cls) is tuple and get_args(cls)[1:] == (Ellipsis,))


def _array(value: object, cls: object, made: Converter) -> object:
    if not isinstance(value, list):
        raise _expected("an array, as in [ … ]", value)
    items = gathered(enumerate(value), made, get_args(cls)[0]).values()
    return list(items) if get_origin(cls) is list else tuple(items)


def _is_table(cls: object) -> bool:
    return get_origin(cls) in (dict, Mapping)


def _table(value: object, cls: object, made: Converter) -> object:
    if not isinstance(value, Mapping):
        raise _expected("a table", value)
    # Tables have no order: two configs that differ in it must decide the same.
    return gathered(sorted(value.items()), made, get_args(cls)[1])
