"""A validator that reads a config as an editor does: TOML as JSON, patterns as ECMAScript."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from datetime import date, time
from typing import Any, TypeAlias

import pytest
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

Json: TypeAlias = Any


def _pattern(_: object, pattern: str, instance: Json, __: object) -> Iterator[ValidationError]:
    # In ECMAScript $ is the end, in Python also what stands before a last line break.
    if isinstance(instance, str) and not re.search(re.sub(r"(?<!\\)\$", r"\\Z", pattern), instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _integer(_: object, value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


# TOML tells 1.0 from 1, JSON does not: that one difference is left to ``check``.
_TYPES = Draft202012Validator.TYPE_CHECKER.redefine("integer", _integer)
_Validator = extend(Draft202012Validator, validators={"pattern": _pattern}, type_checker=_TYPES)


def as_editor(value: Json) -> Json:
    """Return a value of TOML as an editor hands it to the schema."""
    if isinstance(value, Mapping):
        return {key: as_editor(each) for key, each in value.items()}
    if isinstance(value, list):
        return [as_editor(each) for each in value]
    if isinstance(value, date | time):
        return value.isoformat()
    return None if isinstance(value, float) and not math.isfinite(value) else value


class Editor:
    """Checks values by a schema."""

    def __init__(self, schema: Json) -> None:
        Draft202012Validator.check_schema(schema)
        self._validator = _Validator(schema)

    def takes(self, value: Json, part: Json = None) -> bool:
        """Return whether a value is one of the schema, or of a part of it, whose references are the whole's."""
        validator = self._validator if part is None else self._validator.evolve(schema=part)
        return bool(validator.is_valid(as_editor(value)))

    def problems(self, value: Json) -> list[str]:
        found = self._validator.iter_errors(as_editor(value))
        return [f"{'.'.join(map(str, each.path))}: {each.message}" for each in found]


@pytest.fixture(scope="session")
def editor() -> type[Editor]:
    return Editor
