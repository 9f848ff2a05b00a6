"""JSON from outside: read strictly, so that what is kept is what was sent, and no text costs more than its length."""

from __future__ import annotations

import json
import math
import re
from itertools import accumulate
from typing import Any

__all__ = ["at", "parsed", "text_of"]

_DEPTH = 32
_BITS = 63
_DIGITS = 20
# One that does not end goes to the end, so that each character is looked at once.
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_PLAIN = re.compile(r"[^\[\]{}]+")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class _Real(float):
    """A number with decimals, and how it was written: an amount must not be rounded on its way."""

    __slots__ = ("written",)
    written: str


def parsed(body: bytes) -> Any:  # noqa: ANN401 - any JSON
    """Return what a body holds.

    Raises:
        ValueError: It is no JSON in UTF-8; or nobody could say what it means: a key stands twice in an object, a
            number is none or is beyond 64 bits, text is no text, or lists and objects are more than 32 deep.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("the body is not UTF-8") from None
    if _depth(text) > _DEPTH:
        raise ValueError(f"the body's lists and objects are more than {_DEPTH} deep")
    try:
        value = json.loads(
            text, object_pairs_hook=_single, parse_int=_whole, parse_float=_real, parse_constant=_refused
        )
    except json.JSONDecodeError as error:
        raise ValueError(f"the body is not JSON: {error.msg} (line {error.lineno})") from None
    if _SURROGATE.search(text):
        _whole_text(value)
    return value


def at(value: Any, path: str) -> Any:  # noqa: ANN401 - any JSON
    """Return what stands at a path, None where nothing does.

    Args:
        value: The JSON.
        path: Names parted by dots, a place in a list as a number from 0; a name that has dots itself is found first.
    """
    if isinstance(value, dict) and path in value:
        return value[path]
    name, dot, rest = path.partition(".")
    if isinstance(value, dict):
        inner = value.get(name)
    elif isinstance(value, list) and name.isdecimal():
        inner = next(iter(value[int(name) :][:1]), None)
    else:
        return None
    return at(inner, rest) if dot else inner


def text_of(value: Any) -> str | None:  # noqa: ANN401 - any JSON
    """Return a value as the text of a column, as it was written: a list or an object as JSON, null as None."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, _Real):
        return value.written
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _depth(text: str) -> int:
    brackets = _PLAIN.sub("", _STRING.sub("", text))
    return max(accumulate(1 if bracket in "[{" else -1 for bracket in brackets), default=0)


def _single(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice in one object of the body")
    return found


def _whole(text: str) -> int:
    if len(text) > _DIGITS or not -(2**_BITS) <= int(text) < 2**_BITS:
        raise ValueError("a number of the body is beyond 64 bits")
    return int(text)


def _real(text: str) -> _Real:
    number = _Real(text)
    if not math.isfinite(number):
        raise ValueError("a number of the body is beyond what a number can be")
    number.written = text
    return number


def _refused(text: str) -> None:
    raise ValueError(f"{text} is no number of JSON")


def _whole_text(value: Any) -> None:  # noqa: ANN401 - any JSON
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError("a text of the body has half a character") from None
