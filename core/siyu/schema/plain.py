"""Values of a config as JSON and as TOML, and their types in words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

import attrs

from siyu.config._fields import fields_of, written
from siyu.config.units import Secret
from siyu.kinds import Reward
from siyu.schema.values import LEAVES

__all__ = ["NOTHING", "default_of", "plain", "toml", "words"]

NOTHING: Final = attrs.NOTHING

_NAMES = {
    "str": "text",
    "int": "whole number",
    "float": "number",
    "bool": "true or false",
    "date": "day",
    "Path": "path",
    "Clock": "time of day",
    "ClockRange": "part of the day",
}


def default_of(field: attrs.Attribute[Any]) -> Any:  # noqa: ANN401 - whatever a default may be
    """Return the value of an attribute that is not given; ``NOTHING`` where there is none to show."""
    default: Any = field.default
    if isinstance(default, attrs.Factory):  # type: ignore[arg-type]
        default = NOTHING if default.takes_self else default.factory()
    return NOTHING if default is None else default


def plain(value: object) -> Any:  # noqa: ANN401 - whatever JSON can write
    """Return a value as a config writes it, of JSON's types only."""
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        rewards = {each.incentive: each.item or each.amount for each in value if isinstance(each, Reward)}
        return rewards or [plain(each) for each in value]
    if isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Secret) or (attrs.has(type(value)) and type(value) not in LEAVES):
        return {written(field.name): plain(getattr(value, field.name)) for field in _given(value)}
    return str(value)


def toml(value: object) -> str:
    """Return a value as TOML, on one line."""
    if isinstance(value, date):
        return str(value)
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{_key(name)} = {toml(each)}" for name, each in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, tuple | list) and not any(isinstance(each, Reward) for each in value):
        return f"[{', '.join(toml(each) for each in value)}]"
    if isinstance(value, str | bool | int | float):
        return json.dumps(value, ensure_ascii=False)
    return toml(plain(value))


def words(annotation: Any) -> str:  # noqa: ANN401 - any type of an annotation
    """Name a type in the words of a config."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Literal, Union, UnionType):
        each = toml if origin is Literal else words
        return " or ".join(each(one) for one in arguments if one is not NoneType)
    if annotation == tuple[Reward, ...] or annotation is Reward:
        return "rewards"
    if origin in (tuple, list):
        return f"list of {words(arguments[0])}"
    if origin in (dict, Mapping):
        return f"table of {words(arguments[1])}"
    name = str(getattr(annotation, "__name__", ""))
    return _NAMES.get(name, name.lower()) if annotation in LEAVES else "table"


def _given(value: object) -> list[attrs.Attribute[Any]]:
    """Return the attributes of an instance that differ from their defaults, or have none."""
    found = []
    for field in fields_of(type(value)):
        own = getattr(value, field.name)
        if own is not None and (default_of(field) is NOTHING or own != default_of(field)):
            found.append(field)
    return found


def _key(name: object) -> str:
    text = str(name)
    return text if re.fullmatch("[A-Za-z0-9_-]+", text) else json.dumps(text, ensure_ascii=False)
