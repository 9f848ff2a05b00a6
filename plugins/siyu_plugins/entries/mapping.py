"""From the columns of a file to the columns of a table: references, templates, conversion, and why a row fails."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal

import narwhals as nw
from attrs import frozen

from siyu.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from siyu.kinds import Frame, Intake

__all__ = ["TARGETS", "Target", "converted", "evaluated", "names_of", "pieces"]

_TEMPLATE = re.compile(r"\{([^{}]+)\}")
_WORDS = {"moment": "a moment", "money": "money", "integer": "a whole number", "text": "text"}


@frozen
class Target:
    """A column of a table, as rows of a file become it.

    Attributes:
        name: The column's name, ``member`` and ``id`` as a config writes them; a reject names it.
        to: What its values are converted to: see ``Intake.convert``.
        needed: Whether a row without it is rejected.
    """

    name: str
    to: Literal["moment", "money", "integer", "text"] = "text"
    needed: bool = False


_MEMBER = Target("member", needed=True)
_TIME = Target("time", "moment", needed=True)
_ID = Target("id")
_AMOUNT = Target("amount", "money")

TARGETS: dict[str, tuple[Target, ...]] = {
    "events": (
        _MEMBER,
        Target("type", needed=True),
        _TIME,
        _ID,
        *map(Target, ("place", "staff", "subject", "ref")),
        _AMOUNT,
        Target("quantity", "integer"),
    ),
    "items": (Target("sku"), Target("category"), Target("quantity", "integer"), _AMOUNT),
    "consents": (
        _MEMBER,
        *(Target(name, needed=True) for name in ("channel", "purpose", "state")),
        _TIME,
        Target("proof"),
        Target("basis"),
    ),
    "links": (_MEMBER, Target("other", needed=True), Target("evidence"), _TIME),
    "costs": (_TIME, _ID, *map(Target, ("entry", "code", "campaign")), Target("amount", "money", needed=True)),
    "prices": (
        Target("sku", needed=True),
        Target("price", "money", needed=True),
        Target("from", "moment", needed=True),
        Target("until", "moment"),
    ),
}
"""The columns of each table that a file may fill."""


def pieces(reference: str) -> list[str]:
    """Split a template: literal texts at the even places, names of columns at the odd ones."""
    return _TEMPLATE.split(reference)


def evaluated(intake: Intake, frame: Frame, references: Mapping[str, str], where: str) -> Frame:
    """Add a column for each reference: what it refers to, a template as text (null where one of its columns is).

    Args:
        intake: Converts columns to text.
        frame: The rows of a file.
        references: By the name of the new column, the name of a column or a template with ``{column}``.
        where: Who asks, and of which file: begins the message of an error.

    Raises:
        UserError: A reference is no column of the file, and no template of them.
    """
    names = names_of(frame)
    found = {name: pieces(reference) for name, reference in references.items()}
    for name, parts in found.items():
        for column in parts[1::2] or parts:
            if column not in names:
                raise UserError(_unknown(f"{where}: '{name.removeprefix('=')}'", column, names))
    for column in sorted({column for parts in found.values() for column in parts[1::2]}):
        frame = intake.convert(frame, column, f"=text {column}", "text")
    return frame.with_columns(**{name: _reference(parts) for name, parts in found.items()})


def converted(
    intake: Intake, frame: Frame, targets: Sequence[Target], defaults: Mapping[str, str], zone: str = "UTC"
) -> Frame:
    """Convert the columns ``=target`` to the columns ``:target``, and say in ``:reason`` why a row fails.

    A row fails where a needed value is missing, or where a value is there but not of its type: then even a default
    does not help it. ``:reason`` is null for a good row.

    Args:
        intake: Converts.
        frame: The rows, with a column ``=target`` for each target that has no default.
        targets: What to convert.
        defaults: Texts that stand for missing values, by target.
        zone: Where the clocks are that moments without an offset were read from.
    """
    schema = frame.collect_schema()  # portable: which columns a file has is known only by looking
    reasons: list[nw.Expr] = []
    for target in targets:
        given, read, made = f"={target.name}", f"=read {target.name}", f":{target.name}"
        if given in schema:
            frame = intake.convert(frame, given, read, target.to, zone)
            frame = frame.with_columns(nw.col(read).alias(made))
            reasons += [_unfit(target, is_text=schema[given] == nw.String())] if target.to != "text" else []
        if target.name in defaults:
            frame = _defaulted(intake, frame, target, defaults[target.name], zone)
        if target.needed:
            reasons.append(nw.when(nw.col(made).is_null()).then(nw.lit(f"{target.name}: there is no value")))
    return frame.with_columns((nw.coalesce(*reasons) if reasons else nw.lit(None, nw.String())).alias(":reason"))


def names_of(frame: Frame) -> list[str]:
    """Return the columns that a frame has."""
    return frame.collect_schema().names()  # portable: which columns a file has is known only by looking


def _reference(parts: list[str]) -> nw.Expr:
    if len(parts) == 1:
        return nw.col(parts[0])
    texts = (nw.col(f"=text {part}") if place % 2 else nw.lit(part) for place, part in enumerate(parts) if part)
    return nw.concat_str(*texts)


def _unknown(where: str, column: str, names: Sequence[str]) -> str:
    known = [name for name in names if name != "line"]
    near = get_close_matches(column, known, 1)
    hint = f"did you mean '{near[0]}'?" if near else "write a column's name, or a template with {column}"
    return (
        f"{where} names the column '{column}', which the file does not have; {hint}\n  its columns: {', '.join(known)}"
    )


def _unfit(target: Target, *, is_text: bool) -> nw.Expr:
    given = nw.col(f"={target.name}")
    there = given.str.strip_chars() != "" if is_text else ~given.is_null()
    shown = given.cast(nw.String).fill_null("")
    words = nw.concat_str(nw.lit(f"{target.name}: '"), shown, nw.lit(f"' is not {_WORDS[target.to]}"))
    # One inside the other: the words are put together for the few rows that lack the value.
    return nw.when(nw.col(f"=read {target.name}").is_null()).then(nw.when(there).then(words))


def _defaulted(intake: Intake, frame: Frame, target: Target, text: str, zone: str) -> Frame:
    made, default = f":{target.name}", f"=default {target.name}"
    literal = frame.with_columns(nw.lit(text).alias(default))
    frame = intake.convert(literal, default, f":default {target.name}", target.to, zone)
    known = nw.col(f":default {target.name}")
    return frame.with_columns((nw.coalesce(made, known) if made in names_of(frame) else known).alias(made))
