"""How far a file was read, so that one that only grew is read from there."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, BinaryIO, Self

from attrs import astuple, frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Mark", "Survey", "surveyed"]

_CHUNK = 2**22


@frozen
class Mark:
    """How far a file was read.

    Attributes:
        size: Its size in bytes at that time.
        stamp: What changes when it is written.
        settings: How it was read; a file that is to be read otherwise is read anew.
        end: Up to which byte it was read, at the end of a line; 0 where it must be read whole the next time.
        lines: How many lines that is.
        check: A hash of these bytes.
    """

    size: int
    stamp: str
    settings: str
    end: int = 0
    lines: int = 0
    check: str = ""

    @classmethod
    def parse(cls, state: object) -> Self | None:
        """Read a mark as a cursor keeps it; None for what another version kept."""
        if isinstance(state, list) and len(state) == len(cls.__attrs_attrs__) and isinstance(state[1], str):
            return cls(*state)
        return None

    def same(self, other: Self) -> bool:
        """Return whether a file did not change between two marks."""
        return (self.size, self.stamp, self.settings) == (other.size, other.stamp, other.settings)

    def plain(self) -> Sequence[object]:
        """Return it as a cursor keeps it."""
        return astuple(self)


@frozen
class Survey:
    """The lines of a file.

    Attributes:
        end: The byte after the last line's end.
        lines: How many lines end before it.
        check: A hash of all bytes before it.
        even: Whether the quotes before it are paired, so that no value goes on after it.
        old: Whether the bytes that were read before are the same.
    """

    end: int
    lines: int
    check: str
    even: bool
    old: bool


def surveyed(file: BinaryIO, mark: Mark | None) -> Survey:
    """Look through a file: where its last line ends, and whether it only grew since a mark was made."""
    end = _last_line(file)
    file.seek(0)
    digest, lines, quotes, done, old = blake2b(digest_size=16), 0, 0, 0, False
    stops = sorted({mark.end, end} if mark is not None and 0 < mark.end <= end else {end})
    for stop in stops:
        while done < stop:
            chunk = file.read(min(_CHUNK, stop - done))
            digest.update(chunk)
            lines, quotes, done = lines + chunk.count(b"\n"), quotes + chunk.count(b'"'), done + len(chunk)
        old |= mark is not None and stop == mark.end and digest.hexdigest() == mark.check
    return Survey(end, lines, digest.hexdigest(), quotes % 2 == 0, old)


def _last_line(file: BinaryIO) -> int:
    """Return the byte after a file's last line end; 0 where there is none."""
    size = file.seek(0, 2)
    while size > 0:
        start = max(0, size - _CHUNK)
        file.seek(start)
        found = file.read(size - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        size = start
    return 0
