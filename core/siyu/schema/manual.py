"""The manual of one component, written from its class."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

import attrs
from attrs import frozen

from siyu.config._fields import fields_of, written
from siyu.errors import UserError
from siyu.kinds import Component, Reward
from siyu.schema.example import example
from siyu.schema.plain import NOTHING, default_of, toml, words
from siyu.schema.values import LEAVES

if TYPE_CHECKING:
    from siyu.registry import Registry

__all__ = ["Key", "Manual", "Part", "manual"]


@frozen
class Key:
    """One key of a table.

    Attributes:
        key: Its name.
        type: What it takes, in words.
        default: What holds where it is not given, as TOML; ``needed`` where it must be, empty where nothing does.
        unit: The unit of a number.
        doc: What it is.
        example: A valid value, as TOML.
    """

    key: str
    type: str
    default: str
    unit: str
    doc: str
    example: str


@frozen
class Part:
    """A table within the component's own: where it stands, what it is, its keys."""

    path: str
    doc: str
    keys: Sequence[Key]


@frozen
class Manual:
    """All that there is to know to write a component's table.

    Attributes:
        kind: Its kind.
        use: The name that ``use`` takes.
        plugin: The plugin that brings it, with its distribution and version.
        doc: What it does.
        keys: Its keys.
        parts: The tables within them.
        example: A valid table, as TOML; empty where none could be made.
    """

    kind: str
    use: str
    plugin: str
    doc: str
    keys: Sequence[Key]
    parts: Sequence[Part]
    example: str


def manual(registry: Registry, name: str) -> Manual:
    """Return the manual of a component.

    Args:
        registry: The loaded plugins.
        name: What ``use`` takes, or ``KIND.NAME`` where several kinds have one of that name.

    Raises:
        UserError: There is no such component, or there are several.
    """
    known = {f"{kind}.{use}": (kind, use) for kind, classes in registry.components.items() for use in classes}
    found = [pair for full, pair in known.items() if name in (full, pair[1])]
    if not found:
        near = get_close_matches(name, sorted({use for _, use in known.values()} | set(known)), 1)
        raise UserError(f"no plugin brings '{name}'; " + (f"did you mean '{near[0]}'?" if near else _listed(known)))
    if len(found) > 1:
        choices = " and ".join(f"{kind}.{use}" for kind, use in found)
        raise UserError(f"'{name}' may be {choices}: name one of them")
    kind, use = found[0]
    cls = registry.components[kind][use]
    plugin = registry.plugins[registry.owner(kind, use)]
    parts = [Part(path, _text(inner), _keys(inner)) for path, inner in _inner(cls)]
    return Manual(kind, use, str(plugin), _text(cls), _keys(cls), parts, example(kind, use, cls, Path()))


def _listed(known: Sequence[str] | dict[str, Any]) -> str:
    return f"there are {', '.join(sorted(known))}"


def _text(cls: type) -> str:
    """Return a class's docstring, without its example and what it says of its attributes."""
    text = inspect.cleandoc(cls.__doc__ or "").partition("\n\nAttributes:")[0]
    return re.sub(r"\n*```toml\n.*?```", "", text, flags=re.DOTALL).replace("``", "").strip()


def _fields(cls: type) -> list[attrs.Attribute[Any]]:
    """Return the attributes that a config gives."""
    named = ("name",) if issubclass(cls, Component) else ()
    return [
        field for field in fields_of(cls) if field.init and not field.metadata.get("given") and field.name not in named
    ]


def _keys(cls: type) -> list[Key]:
    return [_key(field) for field in _fields(cls)]


def _key(field: attrs.Attribute[Any]) -> Key:
    about, default = field.metadata, default_of(field)
    shown = "needed" if field.default is NOTHING else "" if default is NOTHING else toml(default)
    sample = about.get("example")
    return Key(
        written(field.name),
        words(field.type),
        "" if shown in ('""', "[]", "{}") else shown,
        about.get("unit", ""),
        about.get("doc", ""),
        "" if sample is None else toml(sample),
    )


def _inner(cls: type, path: str = "", seen: tuple[type, ...] = ()) -> Iterator[tuple[str, type]]:
    """Find the classes of the tables within, with the keys that lead to them."""
    for field in _fields(cls):
        here = f"{path}.{written(field.name)}".lstrip(".")
        for inner in _classes(field.type):
            if inner not in seen:
                yield here, inner
                yield from _inner(inner, here, (*seen, inner))


def _classes(annotation: Any) -> Iterator[type]:  # noqa: ANN401 - any type of an annotation
    if get_origin(annotation) is Literal or annotation in (*LEAVES, Reward):
        return
    for argument in get_args(annotation):
        yield from _classes(argument)
    if isinstance(annotation, type) and attrs.has(annotation):
        yield annotation
