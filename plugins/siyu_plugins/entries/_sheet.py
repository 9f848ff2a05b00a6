"""Objects of a message, and how they become rows of a table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import narwhals as nw
from attrs import evolve, field, frozen

from siyu.events import EVENT_TYPES
from siyu.kinds import Batch
from siyu_plugins.entries._json import at, text_of
from siyu_plugins.entries.mapping import TARGETS, Target, converted, pieces

if TYPE_CHECKING:
    from siyu.kinds import Frame, Intake

__all__ = ["Item", "Sheet", "by_unit", "inner", "items", "of_kinds", "within"]

_COLUMNS = {"member": "identity", "id": "source_id"}
_SOURCED = ("events", "items", "costs")
# What a row cannot do without, once a config says where it stands.
_NEEDED = ("id", "time")
_ID = Target("id")
# From 2001 on; a day written as 20261111 is shorter.
_EPOCH = re.compile(r"(?P<seconds>\d{10})(\.\d+)?|(?P<milliseconds>\d{13})", re.ASCII)
# The white space that `Intake.convert` takes off the ends of a text.
_BLANKS = " \t\n\r\u00a0\u3000"


@frozen
class Item:
    """One object of a message.

    Attributes:
        line: Its place in the message, from 1.
        value: The object.
        message: All of the message, for what is said once for all of its objects.
    """

    line: int
    value: Any
    message: Any

    def text(self, reference: str) -> str | None:
        """Return what a reference means here: a path, one from the message's root after ``/``, or a template."""
        found = pieces(reference)
        if len(found) == 1:
            return self._text(reference)
        texts = [self._trimmed(piece) if place % 2 else piece for place, piece in enumerate(found)]
        return None if None in texts else "".join(text for text in texts if text)

    def object_text(self, path: str) -> str | None:
        """Return the object at a path as JSON, None where there is none."""
        found = at(self.value, path)
        return text_of(found) if isinstance(found, dict) and found else None

    def _text(self, path: str) -> str | None:
        return text_of(at(self.message, path[1:]) if path.startswith("/") else at(self.value, path))

    def _trimmed(self, path: str) -> str | None:
        return (self._text(path) or "").strip(_BLANKS) or None


def items(messages: Iterable[Any], path: str = "") -> list[Item]:
    """Return the objects of messages: those of the list at a path, or the one that stands there.

    Where nothing stands there, the message itself is the one object, so that it is set apart and not lost.
    """
    return [item for message in messages for item in _items(message, path)]


def _items(message: Any, path: str) -> list[Item]:  # noqa: ANN401 - any JSON
    found = at(message, path) if path else message
    return _listed(message if found is None else found, message)


def _listed(found: Any, message: Any) -> list[Item]:  # noqa: ANN401 - any JSON
    values = found if isinstance(found, list) else [found]
    return [Item(line, value, message) for line, value in enumerate(values, 1)]


def inner(outer: Item, path: str) -> list[Item]:
    """Return the objects of a list inside an object, each as an object of both: ``outer`` and ``inner``."""
    return [
        Item(outer.line, {"outer": outer.value, "inner": one.value}, outer.message)
        for one in _listed(at(outer.value, path) or [], outer.message)
    ]


def within(reference: str, name: str) -> str:
    """Return a reference to what stands under a name of an object."""

    def moved(path: str) -> str:
        return path if path.startswith("/") else f"{name}.{path}"

    found = pieces(reference)
    if len(found) == 1:
        return moved(reference)
    return "".join(f"{{{moved(piece)}}}" if place % 2 else piece for place, piece in enumerate(found))


def _is_score(kind: str | None) -> bool:
    """Return whether the amount of events of a type is a plain number, as a rating's score."""
    known = EVENT_TYPES.get(kind or "")
    return known is not None and not known.money


def by_unit(objects: Sequence[Item], reference: str) -> list[tuple[bool, list[Item]]]:
    """Return the objects whose amounts are money, and those whose are scores, by the event type that they name."""
    parted = [
        (scores, [one for one in objects if _is_score(one.text(reference)) == scores]) for scores in (False, True)
    ]
    return [(scores, some) for scores, some in parted if some]


def of_kinds(objects: Sequence[Item], reference: str, kinds: Mapping[str, str]) -> dict[str, list[Item]]:
    """Return the objects by event type.

    Args:
        objects: The objects; those of another kind are left out.
        reference: Where an object says of which kind it is.
        kinds: The event types, by kind.
    """
    found: dict[str, list[Item]] = {}
    for one in objects:
        kind = kinds.get(one.text(reference) or "")
        if kind is not None:
            found.setdefault(kind, []).append(one)
    return found


@frozen(kw_only=True)
class Sheet:
    """How objects of a message become rows of a table.

    Attributes:
        source: What the ids belong to.
        table: The table.
        references: What each target is read from, those of props as ``props.NAME``.
        defaults: What stands for a missing value, by target.
        integers: The props that are whole numbers.
        props: The path of an object that holds all props, where they are not named one by one.
        needed: Further targets that a row must have.
        scores: Whether amounts are plain numbers and no money, where no default says of which type the events are.
    """

    source: str
    table: str = "events"
    references: Mapping[str, str]
    defaults: Mapping[str, str] = field(factory=dict)
    integers: Sequence[str] = ()
    props: str = ""
    needed: Sequence[str] = ()
    scores: bool = False

    def batch(self, intake: Intake, objects: Sequence[Item]) -> Batch:
        """Return the rows, and those that lack a needed value or have one that is not of its type as rejects."""
        frame = converted(intake, self._read(intake, objects), self._targets, self.defaults)
        columns = {_COLUMNS.get(target.name, target.name): nw.col(f":{target.name}") for target in self._plain}
        if self.table in _SOURCED:
            columns["source"] = nw.lit(self.source)
        if self.props:
            columns["props"] = nw.col("=props")
        elif self._props:
            frame, columns["props"] = intake.pack(frame, self._props, ":props"), nw.col(":props")
        made = intake.keep(frame.select("line", ":reason", "=raw", **columns))
        bad = made.filter(~nw.col(":reason").is_null())
        rejects = bad.select("line", source=nw.lit(self.source), reason=nw.col(":reason"), raw=nw.col("=raw"))
        rows = made.filter(nw.col(":reason").is_null()).select("line", *columns)
        return Batch(rows=rows, table=self.table, rejects=rejects)  # type: ignore[arg-type]

    @property
    def _given(self) -> set[str]:
        return {*self.references, *self.defaults}

    @property
    def _plain(self) -> list[Target]:
        """The table's columns that are given; an id or a moment that is given is needed."""
        known = TARGETS[self.table] if self.table != "items" else (_ID, *TARGETS["items"])
        needed = (*_NEEDED, *self.needed)
        own = [self._typed(target) for target in known if target.name in self._given]
        return [evolve(target, needed=target.needed or target.name in needed) for target in own]

    def _typed(self, target: Target) -> Target:
        scores = self.scores or _is_score(self.defaults.get("type"))
        return evolve(target, to="integer") if scores and target.name == "amount" else target

    @property
    def _targets(self) -> list[Target]:
        return [*self._plain, *(Target(f"props.{name}", "integer") for name in self.integers)]

    @property
    def _props(self) -> dict[str, str]:
        names = [name.removeprefix("props.") for name in self.references if name.startswith("props.")]
        return {name: f"{':' if name in self.integers else '='}props.{name}" for name in names}

    def _read(self, intake: Intake, objects: Sequence[Item]) -> Frame:
        """Return a column ``=target`` for each reference: a message is no frame yet, so it is read object by object."""
        columns: dict[str, list[Any]] = {
            f"={name}": [one.text(reference) for one in objects] for name, reference in self.references.items()
        }
        for target in self._targets:
            if target.to == "moment" and target.name in self.references:
                columns[f"={target.name}"] = [_moment(text) for text in columns[f"={target.name}"]]
        if self.props:
            columns["=props"] = [one.object_text(self.props) for one in objects]
        columns["=raw"] = [text_of(one.value) or "null" for one in objects]
        schema = {**dict.fromkeys(columns, nw.String()), "line": nw.Int64()}
        return intake.frame({**columns, "line": [one.line for one in objects]}, schema)


def _moment(text: str | None) -> str | None:
    """Return a moment in epoch seconds or milliseconds as ISO text, any other text as it is."""
    found = _EPOCH.fullmatch(text.strip(_BLANKS)) if text else None
    if found is None:
        return text
    second = int(found["seconds"] or found["milliseconds"][:-3])
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
