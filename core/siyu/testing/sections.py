"""Sections of the manual, written from attrs classes: a component's, a kind's, the keys of a table."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

import attrs

from siyu.config._fields import fields_of, written
from siyu.config.days import Festival, Weekdays
from siyu.config.expressions import Condition
from siyu.config.units import Clock, ClockRange, Duration, Money, Secret, Share
from siyu.kinds import KINDS, Reward

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from siyu.kinds import Component
    from siyu.registry import Registry

__all__ = ["components", "keys", "markdown", "section"]

_NEXT_RUN = "It looks at all members together, so a tick leaves it to the next run.\n"
_WIDEST = 70

_WORDS: Mapping[Any, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    date: "day",
    Path: "path",
    Duration: "duration",
    Money: "money",
    Clock: "time of day",
    ClockRange: "part of the day",
    Share: "share",
    Weekdays: "weekdays",
    Festival: "festival",
    Condition: "condition",
    Secret: "secret",
    Reward: "reward",
}
_QUOTED = str | Duration | Money | Clock | ClockRange | Share | Weekdays | Festival | Condition | Path


def components(registry: Registry) -> str:
    """Return the sections of all components that siyu itself brings, by kind and name."""
    parts = []
    for kind, base in KINDS.items():
        parts.append(_kind(kind, base))
        for use, cls in sorted(registry.components[kind].items()):
            plugin = registry.plugins[registry.owner(kind, use)]
            if plugin.distribution == "siyu":
                parts.append(section(use, cls))
    return "\n".join(parts)


def section(use: str, cls: type[Component]) -> str:
    """Return the section of one component: its docstring, its keys, and the tables within them.

    Args:
        use: The name that ``use`` takes.
        cls: The component's class.
    """
    base = KINDS[cls.kind]
    shared = {field.name for field in fields_of(base)}
    head = f"### `{use}`\n\n{_text(cls)}\n"
    own = [field for field in fields_of(cls) if field.name not in shared and field.init]
    together = cls.scope == "population" and base.scope == "member"
    parts = [head, *([_NEXT_RUN] if together else []), _keys(own), *_defaults(cls, use, own)]
    return "\n".join([*parts, *_within(f"#### `{use}`", own)])


def keys(cls: type) -> str:
    """Return the keys of an attrs class as a Markdown table: key, type, default, what it is."""
    return _keys(fields_of(cls))


def markdown(docstring: str) -> str:
    """Return a docstring as Markdown: code stands in single back quotes."""
    return re.sub(r"(?<!`)``(?!`)", "`", inspect.cleandoc(docstring))


def _kind(kind: str, base: type[Component]) -> str:
    """Return the heading of a kind, with the keys that all of it share."""
    shared = [field for field in fields_of(base) if field.name != "name"]
    head = f"## {kind}\n\n{_text(base)} Written as `[{kind}.NAME]`.\n"
    if not shared:
        return head
    parts = [head, f"Every {kind} has these keys beside its own:\n", _keys(shared)]
    return "\n".join([*parts, *_within(f"### Every {kind}", shared)])


def _text(cls: type) -> str:
    """Return a class's docstring as Markdown, without what it says of its attributes."""
    return markdown(cls.__doc__ or "").partition("\n\nAttributes:")[0]


def _keys(fields: Sequence[attrs.Attribute[Any]]) -> str:
    shown = [field for field in fields if not field.metadata.get("given")]
    if not shown:
        return "It has no keys of its own.\n"
    rows = [_row(field) for field in shown]
    return "\n".join(["| key | type | default | what it is |", "|---|---|---|---|", *rows]) + "\n"


def _row(field: attrs.Attribute[Any]) -> str:
    about, unit = str(field.metadata.get("doc", "")), field.metadata.get("unit")
    example = field.metadata.get("example")
    words = about + (f" ({unit})" if unit else "") + (f", as in `{_toml(example)}`" if example is not None else "")
    cells = [f"`{written(field.name)}`", _type(field.type), _default(field), words]
    escaped = [cell.replace("|", "\\|") for cell in cells]
    return f"| {' | '.join(escaped)} |"


def _type(annotation: Any) -> str:  # noqa: ANN401 - any type of an annotation
    """Name a type in the words of a config."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " or ".join(f"`{each}`" for each in arguments)
    if origin in (Union, UnionType):
        return " or ".join(_type(each) for each in arguments if each is not NoneType)
    if annotation == tuple[Reward, ...]:
        return "rewards"
    if origin in (tuple, list):
        return f"list: {_type(arguments[0])}"
    if origin in (dict, Mapping):
        return f"table: {_type(arguments[1])}"
    return _WORDS.get(annotation, "table")


def _default(field: attrs.Attribute[Any]) -> str:
    value = _value(field)
    if value is attrs.NOTHING:
        return "needed"
    text = "" if value is None else _toml(value)
    if text in ("", '""', "[]", "{}"):
        return ""
    return f"`{text}`" if len(text) <= _WIDEST else "below"


def _value(field: attrs.Attribute[Any]) -> Any:  # noqa: ANN401 - whatever a default may be
    default: Any = field.default
    if not isinstance(default, attrs.Factory):  # type: ignore[arg-type]
        return default
    return None if default.takes_self else default.factory()


def _defaults(cls: type[Component], use: str, fields: Sequence[attrs.Attribute[Any]]) -> Iterator[str]:
    """Write the defaults that are too long for a table, as a config would give them."""
    for field in fields:
        value, key = _value(field), written(field.name)
        if _default(field) == "below":
            rows = [f"[{cls.kind}.{use}]", f"use = {_toml(use)}"]
            if isinstance(value, Mapping):
                rows += [
                    f"[{cls.kind}.{use}.{key}]",
                    *(f"{_key(name)} = {_toml(each)}" for name, each in value.items()),
                ]
            else:
                rows.append(f"{key} = {_toml(value)}")
            yield "\n".join([f"The default of `{key}`, written out:\n\n```toml", *rows, "```\n"])


def _within(heading: str, fields: Sequence[attrs.Attribute[Any]]) -> Iterator[str]:
    """Write a section for each class of the tables within keys."""
    places: dict[type, list[str]] = {}
    for path, cls in _inner(fields):
        places.setdefault(cls, []).append(f"`{path}`")
    for cls, paths in places.items():
        yield f"{heading}: {', '.join(paths)}\n\n{_text(cls)}\n"
        yield _keys(fields_of(cls))


def _inner(fields: Sequence[attrs.Attribute[Any]]) -> Iterator[tuple[str, type]]:
    """Find the classes of the tables within keys, with the keys that lead to them."""
    for field in fields:
        for cls in _classes(field.type):
            yield written(field.name), cls
            for path, inner in _inner(fields_of(cls)):
                yield f"{written(field.name)}.{path}", inner


def _classes(annotation: Any) -> Iterator[type]:  # noqa: ANN401 - any type of an annotation
    if get_origin(annotation) is Literal or annotation in _WORDS:
        return
    for argument in get_args(annotation):
        yield from _classes(argument)
    if isinstance(annotation, type) and attrs.has(annotation):
        yield annotation


def _toml(value: object) -> str:
    """Write a value as TOML on one line."""
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{_key(name)} = {_toml(each)}" for name, each in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, tuple | list):
        return f"[{', '.join(_toml(each) for each in value)}]"
    if isinstance(value, _QUOTED):
        return json.dumps(str(value), ensure_ascii=False)
    if attrs.has(type(value)) and not isinstance(value, Secret):
        return _toml({written(field.name): getattr(value, field.name) for field in _given(value)})
    return str(value).lower() if isinstance(value, bool) else str(value)


def _given(value: object) -> list[attrs.Attribute[Any]]:
    """Return the attributes of an instance that differ from their defaults, or have none."""
    return [field for field in fields_of(type(value)) if getattr(value, field.name) != _value(field)]


def _key(name: object) -> str:
    text = str(name)
    return text if re.fullmatch("[A-Za-z0-9_-]+", text) else json.dumps(text, ensure_ascii=False)
