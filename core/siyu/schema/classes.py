"""The JSON Schema of attrs classes: keys, types, defaults and docs, as structuring takes them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import attrs
from attrs import Factory, define, validators

from siyu.config._fields import fields_of, written
from siyu.kinds import Reward
from siyu.schema.plain import NOTHING, default_of, plain
from siyu.schema.values import Json, reward, value

__all__ = ["Classes", "summary"]

_NUMBER: type = type(validators.ge(0))
_LEAST: type = type(validators.min_len(0))
_MOST: type = type(validators.max_len(0))
_BOTH: type = type(validators.and_())
_MAYBE: type = type(validators.optional(validators.ge(0)))
_BOUNDS = {">=": "minimum", ">": "exclusiveMinimum", "<=": "maximum", "<": "exclusiveMaximum"}
_LENGTHS = {"array": "Items", "string": "Length", "object": "Properties"}


@define
class Classes:
    """Writes schemas, and keeps those of classes to be referred to.

    Attributes:
        exponent: How many decimals the brand's currency has.
        kept: The schemas of classes, by name.
    """

    exponent: int = 2
    kept: dict[str, Json] = Factory(dict)

    def table(self, cls: type, *, without: tuple[str, ...] = ()) -> Json:
        """Return the schema of a table that is structured into an attrs class.

        Args:
            cls: The class.
            without: Attributes that do not come from the table.
        """
        fields = [
            field
            for field in fields_of(cls)
            if field.init and not field.metadata.get("given") and field.name not in without
        ]
        found: Json = {
            "type": "object",
            "description": summary(cls),
            "properties": {written(field.name): self._field(field) for field in fields},
            "additionalProperties": False,
        }
        needed = [written(field.name) for field in fields if field.default is attrs.NOTHING]
        return {**found, "required": needed} if needed else found

    def of(self, annotation: Any) -> Json:  # noqa: ANN401 - any type of an annotation
        """Return the schema of a type; one that takes anything where no config could fill the type."""
        if annotation == tuple[Reward, ...] or annotation is Reward:
            return reward(several=annotation is not Reward)
        if get_origin(annotation) is not None:
            return self._generic(get_origin(annotation), get_args(annotation))
        found = value(annotation, self.exponent)
        if found is None and isinstance(annotation, type) and attrs.has(annotation):
            return self._reference(annotation)
        return found or {}

    def _generic(self, origin: object, arguments: tuple[Any, ...]) -> Json:
        if origin is Literal:
            return {"enum": list(arguments)}
        if origin in (Union, UnionType):
            types = [self.of(each) for each in arguments if each is not NoneType]
            return types[0] if len(types) == 1 else {"anyOf": types}
        if origin is list or (origin is tuple and arguments[1:] == (Ellipsis,)):
            return {"type": "array", "items": self.of(arguments[0])}
        return {"type": "object", "additionalProperties": self.of(arguments[1])} if origin in (dict, Mapping) else {}

    def _reference(self, cls: type) -> Json:
        name = f"{cls.__module__}.{cls.__qualname__}"
        if name not in self.kept:
            # Kept before it is written: a class may lead back to itself.
            self.kept[name] = {}
            self.kept[name] |= self.table(cls)
        return {"$ref": f"#/$defs/{name}"}

    def _field(self, field: attrs.Attribute[Any]) -> Json:
        found = self.of(field.type)
        for key, bound in _bounds(field.validator, found.get("type", "")):
            found[key] = bound
        about, unit = field.metadata.get("doc", ""), field.metadata.get("unit", "")
        if about:
            found["description"] = f"{about} ({unit})" if unit else about
        default, example = default_of(field), field.metadata.get("example")
        if default is not NOTHING:
            found["default"] = plain(default)
        if example is not None:
            found["examples"] = [plain(example)]
        return found


def summary(cls: type) -> str:
    """Return the first paragraph of a class's docstring, on one line."""
    text = inspect.cleandoc(cls.__doc__ or "").partition("\n\n")[0]
    return re.sub(r"``|\s*\n\s*", lambda found: "" if found[0] == "``" else " ", text)


def _bounds(validator: object, kind: str) -> Iterator[tuple[str, int | float]]:
    """Return what attrs' own validators demand; what a plugin's own function demands is known to ``check`` only."""
    given: Any = validator
    if isinstance(validator, _BOTH):
        for each in given._validators:  # noqa: SLF001 - attrs shows it in no other way
            yield from _bounds(each, kind)
    elif isinstance(validator, _MAYBE):
        yield from _bounds(given.validator, kind)
    elif isinstance(validator, _NUMBER) and kind in ("integer", "number"):
        yield _BOUNDS[given.compare_op], given.bound
    elif isinstance(validator, _LEAST) and kind in _LENGTHS:
        yield f"min{_LENGTHS[kind]}", given.min_length
    elif isinstance(validator, _MOST) and kind in _LENGTHS:
        yield f"max{_LENGTHS[kind]}", given.max_length
