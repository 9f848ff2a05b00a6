"""Where in a TOML text a key and its value stand: ``tomllib`` gives no positions.

Used only when there is something to point at, on text that ``tomllib`` has read; ends at what it cannot read.
"""

from __future__ import annotations

import re
import tomllib
from contextlib import suppress
from typing import TYPE_CHECKING, Literal, TypeAlias

from attrs import Factory, define, evolve, frozen

from siyu.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Index", "Path", "Place", "hidden", "index", "locate", "place", "problem_at"]

Path: TypeAlias = "tuple[str | int, ...]"
"""The keys, and the indexes in arrays, that lead to a value."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}(?!")|\'\'\'.*?\'{3,5}(?!\')|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'', re.DOTALL
)
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\n]+")
_PIECE = re.compile(r"\\[ \t]*\n\s*|\\u.{4}|\\U.{8}|\\x..|\\.|.", re.DOTALL)
_GIVEN = re.compile("=")
_SECRET = re.compile(r"(?:key|passw|secret|token)[\w\"'-]*\s*=", re.IGNORECASE)
_QUOTES = ('"""', "'''", '"', "'")


@frozen
class Place:
    """A place in a text.

    Attributes:
        line: The line, from 1.
        column: The column, from 1.
        width: How many characters of that line it takes.
        source: The text of that line.
    """

    line: int
    column: int
    width: int
    source: str


@define
class Index:
    """The spans of all keys and values of a text, in characters from 0.

    Attributes:
        keys: Where each key stands; of a table's parts the one in its own header.
        values: Where each value stands; for a table that has a header, its key there.
        inline: The paths whose tables are written as ``{ … }``.
        twice: The first path that is given twice, and the span of its second key; None where there is none.
    """

    keys: dict[Path, tuple[int, int]] = Factory(dict)
    values: dict[Path, tuple[int, int]] = Factory(dict)
    inline: set[Path] = Factory(set)
    twice: tuple[Path, tuple[int, int]] | None = None


class _StopError(Exception):
    """The text is no TOML from here on."""


def index(text: str) -> Index:
    """Return the spans of all keys and values of a TOML text, up to where it stops being TOML."""
    scanner = _Scanner(text)
    with suppress(_StopError, IndexError, RecursionError, tomllib.TOMLDecodeError):
        scanner.document()
    return scanner.found


def locate(
    text: str,
    path: Path,
    on: Literal["key", "value"] = "value",
    offset: int = 0,
    width: int | None = None,
    found: Index | None = None,
) -> Place | None:
    """Return where a key or its value stands.

    Args:
        text: The TOML text.
        path: The keys, and the indexes in arrays, that lead to the value. Where the text lacks it, the nearest
            table or array around it is taken.
        on: Whether the key or the value is meant. An item of an array has no key, so its value is taken.
        offset: Where the place starts within the value, in characters of the text value that it holds.
        width: How many characters it takes; all of the key or the value by default.
        found: The text's index, where it is at hand.
    """
    found = found or index(text)
    known = [path[:length] for length in range(len(path), 0, -1)]
    nearest = next((each for each in known if each in found.keys or each in found.values), None)
    if nearest is None:
        return None
    whole = nearest == path
    spans = (found.values, found.keys) if on == "value" and whole else (found.keys, found.values)
    start, end = spans[0].get(nearest) or spans[1][nearest]
    if on == "value" and whole and (offset or width is not None):
        offsets = _characters(text[start:end])
        last = len(offsets) - 1
        first, stop = min(offset, last), min(offset + (width or 1), last)
        start, end = start + offsets[first], start + max(offsets[stop], offsets[first] + 1)
    return place(text, start, end)


def place(text: str, start: int, end: int) -> Place:
    """Return the place of a span; what goes beyond its first line is cut."""
    begin = text.rfind("\n", 0, start) + 1
    line = text[begin:].partition("\n")[0]
    width = max(1, min(end, begin + len(line)) - start)
    return Place(text.count("\n", 0, start) + 1, start - begin + 1, width, line)


def hidden(found: Place | None, *, sure: bool = True) -> Place | None:
    """Return a place with stars for what its line gives to keys, since that may be a secret.

    Args:
        found: The place.
        sure: Whether a secret is known to be meant; otherwise only a key whose name says so is taken for one.
    """
    match = (_GIVEN if sure else _SECRET).search(found.source) if found else None
    if found is None or (match is None and not sure):
        return found
    start = match.end() if match else 0
    return evolve(found, source=found.source[:start] + re.sub(r"\S", "*", found.source[start:]))


def problem_at(message: str, path: Path, file: str, found: Place | None, hint: str = "", owner: str = "") -> Problem:
    """Return a problem with the place that was found; without one where the text has none."""
    keys = tuple(str(part) for part in path)
    if found is None:
        return Problem(message, keys, file, hint=hint, owner=owner)
    return Problem(message, keys, file, found.line, found.column, found.source, hint, owner, found.width)


def _characters(raw: str) -> list[int]:
    """Return where each character of a written text's value stands in the writing, and where the value ends."""
    quote = next((quote for quote in _QUOTES if raw.startswith(quote)), "")
    if not quote:
        return list(range(len(raw) + 1))
    start = len(quote) + (len(quote) > 1 and raw[len(quote)] == "\n")
    end = len(raw) - len(quote)
    if quote[0] == "'":
        return list(range(start, end + 1))
    pieces = _PIECE.finditer(raw, start, end)
    return [piece.start() for piece in pieces if not _continues(piece.group())] + [end]


def _continues(piece: str) -> bool:
    """Whether a piece is a backslash at a line's end, which stands for nothing."""
    return piece[0] == "\\" and "\n" in piece


@define
class _Scanner:
    text: str
    position: int = 0
    found: Index = Factory(Index)
    counts: dict[Path, int] = Factory(dict)

    def document(self) -> None:
        table: Path = ()
        while self.blank() < len(self.text):
            if self.text[self.position] == "[":
                table = self.header()
            else:
                self.pair(table)

    def blank(self) -> int:
        """Go over white space and comments."""
        self.position = self.match(_BLANK).end()
        return self.position

    def match(self, pattern: re.Pattern[str]) -> re.Match[str]:
        match = pattern.match(self.text, self.position)
        if match is None:
            raise _StopError
        return match

    def take(self, mark: str) -> bool:
        """Go over a mark, if it is next."""
        self.blank()
        if not self.text.startswith(mark, self.position):
            return False
        self.position += len(mark)
        return True

    def expect(self, mark: str) -> None:
        if not self.take(mark):
            raise _StopError

    def header(self) -> Path:
        many = self.take("[[")
        if not many:
            self.expect("[")
        path: Path = ()
        *around, (name, span) = self.names()
        for outer, where in around:
            path = (*path, outer)
            self.found.keys.setdefault(path, where)
            path = self.inside(path)
        path = (*path, name)
        self.note(path, span, many=many)
        self.expect("]]" if many else "]")
        return self.inside(path)

    def inside(self, path: Path) -> Path:
        """Step into the newest item where the path is an array of tables."""
        return (*path, self.counts[path] - 1) if path in self.counts else path

    def note(self, path: Path, span: tuple[int, int], *, many: bool) -> None:
        """Note a table that has a header of its own."""
        if many:
            self.counts[path] = self.counts.get(path, 0) + 1
            self.found.keys.setdefault(path, span)
            path = self.inside(path)
        elif path in self.found.values and self.found.twice is None:
            self.found.twice = (path, span)
            return
        self.found.keys[path] = self.found.values[path] = span

    def pair(self, table: Path) -> None:
        path = table
        names = self.names()
        for name, span in names:
            path = (*path, name)
            self.found.keys.setdefault(path, span)
        self.expect("=")
        self.blank()
        if path in self.found.values and self.found.twice is None:
            self.found.twice = (path, names[-1][1])
        else:
            self.found.keys[path] = names[-1][1]
        self.value(path)

    def names(self) -> list[tuple[str, tuple[int, int]]]:
        """Read a key with its dots."""
        parts = [self.name()]
        while self.take("."):
            parts.append(self.name())
        return parts

    def name(self) -> tuple[str, tuple[int, int]]:
        start = self.blank()
        quoted = self.text[start] in "\"'"
        match = self.match(_STRING if quoted else _BARE)
        self.position = match.end()
        name = tomllib.loads(f"key = {match.group()}")["key"] if quoted else match.group()
        return name, match.span()

    def value(self, path: Path) -> None:
        start = self.blank()
        readers: dict[str, Callable[[Path], None]] = {"[": self.array, "{": self.table}
        readers.get(self.text[start], self.scalar)(path)
        self.found.values.setdefault(path, (start, self.position))

    def scalar(self, _: Path) -> None:
        match = self.match(_STRING if self.text[self.position] in "\"'" else _SCALAR)
        self.position += len(match.group().rstrip())

    def array(self, path: Path) -> None:
        self.expect("[")
        count = 0
        while not self.take("]"):
            self.value((*path, count))
            count += 1
            self.take(",")

    def table(self, path: Path) -> None:
        self.expect("{")
        self.found.inline.add(path)
        while not self.take("}"):
            self.pair(path)
            self.take(",")
