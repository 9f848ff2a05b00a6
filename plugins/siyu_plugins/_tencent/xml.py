"""XML as callbacks have it, read without all that makes XML dangerous: no document type, no entities, small, flat.

It stands on the parser of Python itself: defusedxml, which wraps it likewise, has had no release since 2021.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn
from xml.parsers import expat

from attrs import define, field, frozen

__all__ = ["Malformed", "Xml", "parsed"]

_DEPTH = 6
_ELEMENTS = 2_000


class Malformed(Exception):  # noqa: N818 - said of what came, not of what went wrong here
    """Bytes that are no XML as callbacks have it."""


@frozen
class Xml:
    """What a document says: the texts of its elements, by their path below the root.

    Attributes:
        values: By path, as in ``MemChangeList/Item``, the texts in the order of the document, trimmed.
    """

    values: Mapping[str, tuple[str, ...]]

    def __getitem__(self, path: str) -> str:
        """Return the text of an element, empty where there is none; of several the first."""
        return next(iter(self.values.get(path, ())), "")

    def all(self, path: str) -> tuple[str, ...]:
        """Return the texts of all elements of a path."""
        return self.values.get(path, ())


def parsed(document: bytes) -> Xml:
    """Read a document.

    Raises:
        Malformed: It is no XML, or has a document type or entities, or too many elements, or too many within another.
    """
    reader = _Reader()
    # Whatever encoding it declares: the platform writes this one.
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.ExternalEntityRefHandler = _refuse
    parser.ProcessingInstructionHandler = _refuse
    try:
        parser.Parse(document, True)  # the document ends here
    except expat.ExpatError as error:
        raise Malformed(f"no XML: {error}") from None
    return Xml({path: tuple(texts) for path, texts in reader.found.items()})


def _refuse(*_: object) -> NoReturn:
    raise Malformed("no document type, entities or instructions are allowed")


@define
class _Reader:
    """Collects texts while the parser goes on.

    Attributes:
        path: The names of the elements that are open, the root's first, and the parts of the text of each.
        found: What was read.
        count: How many elements were seen.
    """

    path: list[tuple[str, list[str]]] = field(factory=list)
    found: dict[str, list[str]] = field(factory=dict)
    count: int = 0

    def start(self, name: str, _attributes: Mapping[str, str]) -> None:
        self.count += 1
        if self.count > _ELEMENTS or len(self.path) >= _DEPTH:
            raise Malformed("too many elements, or too many within another")
        self.path.append((name, []))

    def text(self, part: str) -> None:
        self.path[-1][1].append(part)

    def end(self, _name: str) -> None:
        below = "/".join(name for name, _ in self.path[1:])
        _, parts = self.path.pop()
        if below:
            self.found.setdefault(below, []).append("".join(parts).strip())
