"""An example of a component's table that is valid: its author's own, else one made of its needed keys."""

from __future__ import annotations

import inspect
import re
from datetime import date
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

import attrs

from siyu.config._converter import converter
from siyu.config._fields import Wrong, fields_of, structured, written
from siyu.config.days import Festival, Weekdays
from siyu.config.expressions import Condition
from siyu.config.units import Clock, ClockRange, Duration, Money, Secret, Share
from siyu.kinds import Reward
from siyu.schema.plain import toml

if TYPE_CHECKING:
    from pathlib import Path

    from siyu.kinds import Component

__all__ = ["example"]

_BLOCK = re.compile(r"```toml\n(?P<text>.*?)```", re.DOTALL)
_LIKELY: dict[Any, Any] = {
    str: "name",
    int: 1,
    float: 1.0,
    bool: True,
    date: date(2026, 12, 1),
    Duration: "7d",
    Money: "50.00",
    Clock: "10:00",
    ClockRange: "20:00-21:30",
    Share: "10%",
    Weekdays: "mon-fri",
    Festival: "mid-autumn",
    Condition: "birth_year >= 1990",
    Secret: {"env": "SECRET"},
    Reward: {"points": 200},
    tuple[Reward, ...]: {"points": 200},
}


def example(kind: str, use: str, cls: type[Component], folder: Path) -> str:
    """Return a valid table of a component as TOML; empty where none could be made.

    Args:
        kind: The component's kind.
        use: The name that ``use`` takes.
        cls: The component's class.
        folder: The brand's folder, for a class that asks for it.
    """
    block = _BLOCK.search(inspect.cleandoc(cls.__doc__ or ""))
    if block:
        return block["text"].strip()
    table = _needed(cls, without=("name",))
    known = {"folder": folder, "written": ""}
    given = {"name": use} | {field.name: known[field.name] for field in fields_of(cls) if field.name in known}
    try:
        structured(cls, table, converter(2), given)
    except Wrong:
        return ""
    lines = [f"[{kind}.{use}]", f"use = {toml(use)}", *(f"{key} = {toml(value)}" for key, value in table.items())]
    return "\n".join(lines)


def _needed(cls: type, *, without: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return values for the keys that have no default."""
    return {
        written(field.name): _value(field)
        for field in fields_of(cls)
        if field.init
        and field.default is attrs.NOTHING
        and field.name not in without
        and not field.metadata.get("given")
    }


def _value(field: attrs.Attribute[Any]) -> Any:  # noqa: ANN401 - whatever the field takes
    given = field.metadata.get("example")
    return _of(field.type) if given is None else given


def _of(annotation: Any) -> Any:  # noqa: ANN401 - any type of an annotation, and any value
    if annotation in _LIKELY:
        return _LIKELY[annotation]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return arguments[0]
    if origin in (Union, UnionType):
        return _of(next(each for each in arguments if each is not NoneType))
    if origin in (tuple, list):
        return [_of(arguments[0])]
    if origin is not None:
        return {"name": _of(arguments[-1])}
    return _needed(annotation) if attrs.has(annotation) else "name"
