"""What stands where in a structured config: conditions, rewards, and names of components."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs
from attrs import frozen

from siyu.config._fields import Sound, fields_of, written
from siyu.config.expressions import Condition
from siyu.config.locate import Path as Keys
from siyu.kinds import Cost, Reward

__all__ = ["Named", "named", "parts", "sayings", "sound_parts"]


@frozen
class Named:
    """The name of a component, where another one refers to it.

    Attributes:
        path: The keys that lead to it.
        kind: The kind of the component; ``item`` where it is an item of an incentive.
        name: Its name.
        on_key: Whether the name is a key, as in ``gives = { points = 200 }``.
        of: The incentive that the item is of.
    """

    path: Keys
    kind: str
    name: str
    on_key: bool = False
    of: str = ""


def parts(value: object, path: Keys = ()) -> Iterator[tuple[Keys, Condition | Named]]:
    """Walk a component: its conditions and the names that it refers to, with the keys that lead to them."""
    if isinstance(value, Condition):
        yield path, value
    elif isinstance(value, Reward):
        # The table's keys are the incentives; the structured rewards are a tuple.
        inner = (*(path[:-1] if path and isinstance(path[-1], int) else path), value.incentive)
        yield inner, Named(inner, "incentive", value.incentive, on_key=True)
        yield inner, Named(inner, "item", value.item, of=value.incentive)
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from parts(each, (*path, key))
    elif isinstance(value, tuple | list):
        for position, each in enumerate(value):
            yield from parts(each, (*path, position))
    elif attrs.has(type(value)):
        for field in fields_of(type(value)):
            yield from _field(field, getattr(value, field.name), path)
        if isinstance(value, Cost) and value.item:
            yield (*path, "item"), Named((*path, "item"), "item", value.item, of=value.incentive)


def sayings(campaigns: Mapping[str, object]) -> Iterator[tuple[Named, str]]:
    """Yield what campaigns say, and the channel by which: that of the same table, else the campaign's own, if any."""
    for name, campaign in campaigns.items():
        named = [part for _, part in parts(campaign, ("campaign", name)) if isinstance(part, Named)]
        by: dict[Keys, str] = {part.path[:-1]: part.name for part in named if part.kind == "channel"}
        for part in named:
            channel = by.get(part.path[:-1]) or by.get(("campaign", name), "")
            if part.kind == "content":
                yield part, channel


def sound_parts(sound: Sound, path: Keys) -> Iterator[tuple[Keys, Condition | Named]]:
    """Walk what is sound of a table that could not be made.

    Args:
        sound: A value of it.
        path: The keys that lead to the table.
    """
    inner = (*path, *sound.path)
    return _field(sound.field, sound.value, inner[:-1]) if sound.field else parts(sound.value, inner)


def _field(field: attrs.Attribute[Any], value: object, path: Keys) -> Iterator[tuple[Keys, Condition | Named]]:
    inner = (*path, written(field.name))
    for key in value if "keys_refer" in field.metadata and isinstance(value, Mapping) else ():
        yield (*inner, key), Named((*inner, key), field.metadata["keys_refer"], key, on_key=True)
    kind = field.metadata.get("refers", "campaign" if field.name == "during" else "")
    if kind:
        for each in named(value, kind, inner):
            yield each.path, each
    else:
        yield from parts(value, inner)


def named(value: object, kind: str, path: Keys) -> Iterator[Named]:
    """Walk the value of an attribute that refers to components: a name, several, or none."""
    if isinstance(value, str) and value:
        yield Named(path, kind, value)
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from named(each, kind, (*path, key))
    elif isinstance(value, tuple | list):
        for position, each in enumerate(value):
            yield from named(each, kind, (*path, position))
