"""Structuring one attrs class: its keys, its values, its validators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args

import attrs
from attrs import evolve, frozen

from siyu.config._words import closest, listed, shown
from siyu.config.locate import Path as Keys
from siyu.config.units import Secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cattrs import Converter


__all__ = ["Flawed", "Sound", "Wrong", "fields_of", "gathered", "structured", "written"]

T = TypeVar("T")


@frozen
class Flawed:
    """One thing that is wrong with a value.

    Attributes:
        message: What is wrong and what was expected.
        path: The keys that lead from the value to the place.
        hint: One close match or the way to mend it.
        on: Whether the key or the value is meant.
        offset: Where in a text it starts.
        width: How many characters it takes; None for all.
        secret: Whether the line may hold a secret.
    """

    message: str
    path: Keys = ()
    hint: str = ""
    on: Literal["key", "value"] = "value"
    offset: int = 0
    width: int | None = None
    secret: bool = False


@frozen
class Sound:
    """A value within one that cannot be structured, in which nothing is wrong: the names in it can still be checked.

    Attributes:
        path: The keys that lead to it.
        value: The value, structured.
        field: The attribute that it is for; None for a value of an array or of a table without a class.
    """

    path: Keys
    value: object
    field: attrs.Attribute[Any] | None = None


class Wrong(Exception):  # noqa: N818 - it is a verdict, caught within the package
    """A value that cannot be structured, with all that is wrong in it, and what is not."""

    def __init__(self, *flaws: Flawed, sound: Iterable[Sound] = ()) -> None:
        """Keep the flaws, and what has none."""
        self.flaws = flaws
        self.sound = tuple(sound)
        super().__init__("; ".join(flaw.message for flaw in flaws))


def written(name: str) -> str:
    """Return an attribute's name as a config writes it."""
    return name.rstrip("_")


def fields_of(cls: Any) -> tuple[attrs.Attribute[Any], ...]:  # noqa: ANN401 - mypy has no type for attrs classes
    """Return the attributes of an attrs class, with their types resolved."""
    attrs.resolve_types(cls)
    found: tuple[attrs.Attribute[Any], ...] = attrs.fields(cls)
    return found


def gathered(items: Iterable[tuple[str | int, object]], converter: Converter, types: object) -> dict[str | int, Any]:
    """Structure many values and return them by key or index.

    Args:
        items: The values, by key or index.
        converter: What structures each.
        types: The type of all of them, or one for each key.

    Raises:
        Wrong: Some cannot be structured; the flaws of all of them.
    """
    made: dict[str | int, Any] = {}
    flaws: list[Flawed] = []
    sound: list[Sound] = []
    for key, value in items:
        try:
            made[key] = converter.structure(value, _type(types, key))
        except Wrong as wrong:
            flaws += [evolve(flaw, path=(key, *flaw.path)) for flaw in wrong.flaws]
            sound += [evolve(each, path=(key, *each.path)) for each in wrong.sound]
    if flaws:
        raise Wrong(*flaws, sound=[*sound, *(Sound((key,), value) for key, value in made.items())])
    return made


def _type(types: object, key: str | int) -> Any:  # noqa: ANN401 - types of annotations are of no one type
    return types[key] if isinstance(types, Mapping) else types


def structured(cls: type[T], table: object, converter: Converter, given: Mapping[str, object]) -> T:
    """Make an instance of an attrs class from a table.

    Raises:
        Wrong: Keys are unknown or missing, values are of another type, or a validator refuses them.
    """
    if not isinstance(table, Mapping):
        raise Wrong(Flawed(f"expected a table, not {shown(table)}"))
    fields = {written(field.name): field for field in fields_of(cls) if field.init and field.name not in given}
    flaws = [*_unknown(table, fields), *_missing(table, fields)]
    types = {key: field.type for key, field in fields.items()}
    sound: list[Sound] = []
    values: dict[str | int, Any] = {}
    try:
        values = gathered(((key, table[key]) for key in fields if key in table), converter, types)
    except Wrong as wrong:
        flaws += wrong.flaws
        sound += wrong.sound
    sound += [Sound((key,), value) for key, value in values.items()]
    own = [evolve(each, field=fields[str(each.path[0])]) for each in sound if len(each.path) == 1]
    known = [*own, *(each for each in sound if len(each.path) > 1)]
    arguments = {str(fields[str(each.path[0])].alias): each.value for each in own} | dict(given)
    if flaws:
        raise Wrong(*flaws, *_refused(cls, arguments), sound=known)
    try:
        return _made(cls, arguments)
    except Wrong as wrong:
        raise Wrong(*wrong.flaws, sound=known) from wrong


def _unknown(table: Mapping[str, object], fields: Mapping[str, attrs.Attribute[Any]]) -> Iterator[Flawed]:
    for key in table:
        if key not in fields:
            hint = closest(key, fields) or listed(fields)
            # A secret may stand under a misspelled key.
            secret = any(hint == closest(key, [name]) for name, field in fields.items() if _secret(field.type))
            yield Flawed(f"unknown key '{key}'", (key,), hint, on="key", secret=secret)


def _secret(annotation: object) -> bool:
    return annotation is Secret or Secret in get_args(annotation)


def _missing(table: Mapping[str, object], fields: Mapping[str, attrs.Attribute[Any]]) -> Iterator[Flawed]:
    for key, field in fields.items():
        if field.default is attrs.NOTHING and key not in table:
            about = field.metadata.get("doc", "")
            yield Flawed(f"the key '{key}' is missing" + (f": {about}" if about else ""), on="key")


def _made(cls: type[T], values: Mapping[str, Any]) -> T:
    try:
        return cls(**values)
    except ValueError as error:
        flaws = list(_refused(cls, values))
        raise Wrong(*(flaws or [Flawed(_words(error), on="key")])) from error


def _refused(cls: type, values: Mapping[str, Any]) -> Iterator[Flawed]:
    """Run each validator for itself, since ``__init__`` ends at the first that refuses."""
    draft: object = object.__new__(cls)
    fields = [field for field in fields_of(cls) if field.alias in values]
    for field in fields:
        object.__setattr__(draft, field.name, values[str(field.alias)])
    for field in fields:
        try:
            if field.validator:
                field.validator(draft, field, values[str(field.alias)])
        except ValueError as error:
            yield Flawed(_words(error), (written(field.name),))
        except AttributeError:
            # It looks at an attribute that only a finished instance has.
            continue


def _words(error: ValueError) -> str:
    """Return an error's message; attrs adds the attribute and the value as further arguments."""
    return str(error.args[0]) if error.args else "refused"
