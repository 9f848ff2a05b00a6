"""Making a segment of what a config says: a condition as text, or a table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from attrs import evolve

from siyu.config._words import shown
from siyu.config.expressions import Condition, ExpressionError
from siyu.config.segments import Segment

if TYPE_CHECKING:
    from siyu.config._build import Builder

__all__ = ["segment"]

_IDENTITY = re.compile(r"[A-Za-z0-9_-]+:.+")


def segment(builder: Builder, name: str, value: object) -> Segment | None:
    """Return the segment; None where there are problems."""
    if isinstance(value, Mapping):
        made = builder.structured(Segment, value, ("segment", name))
        return None if made is None else _with_list(builder, name, made)
    condition = _condition(builder, name, value)
    return None if condition is None else Segment(when=condition)


def _condition(builder: Builder, name: str, value: object) -> Condition | None:
    try:
        return Condition.parse(value, builder.exponent)
    except ExpressionError as error:
        flaw = error.flaw
        place = {"offset": flaw.offset, "width": flaw.width}
        builder.problem(("segment", name), flaw.message, hint=flaw.hint, **place)
    except ValueError as error:
        builder.problem(("segment", name), str(error))
    return None


def _with_list(builder: Builder, name: str, made: Segment) -> Segment:
    """Read the ids of a segment's file; blank lines and what stands behind # say nothing."""
    listed = _read(builder, name, made)
    for place, ids in ((("segment", name, "list"), listed), (("segment", name, "ids"), made.ids)):
        wrong = [one for one in ids if not _IDENTITY.fullmatch(one)]
        if wrong:
            message = f"{shown(wrong[0])} is no outside id, as in wecom:wm7 ({len(wrong)} of {len(ids)} are not)"
            builder.problem(place, message)
    return evolve(made, ids=(*made.ids, *listed))


def _read(builder: Builder, name: str, made: Segment) -> tuple[str, ...]:
    if made.list is None:
        return ()
    path = builder.source.folder / made.list
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeError) as error:
        words = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        builder.problem(("segment", name, "list"), f"the file {path} cannot be read: {words}")
        return ()
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return tuple(line for line in lines if line)
