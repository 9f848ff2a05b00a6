"""Text of any encoding, line by line as UTF-8; a line that is not of its encoding is set apart."""

from __future__ import annotations

from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from itertools import count
from typing import TYPE_CHECKING

from attrs import define, field

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Decoder", "is_unicode", "lines_of"]

# Enough to see that a text is of another encoding than UTF-8.
_SAMPLE = 2**20


def is_unicode(head: bytes) -> bool:
    """Return whether the beginning of a file shows that it is UTF-16 or UTF-8, and more than plain ASCII."""
    if head.startswith((BOM_UTF16_LE, BOM_UTF16_BE, BOM_UTF8)):
        return True
    whole = head[: head.rfind(b"\n") + 1] or head
    try:
        return not whole[:_SAMPLE].isascii() and bool(whole.decode("utf-8"))
    except UnicodeDecodeError:
        return False


def lines_of(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in blocks that end with a line's end, the last one as it is."""
    rest = b""
    for block in blocks:
        whole = rest + block
        cut = whole.rfind(b"\n") + 1
        rest = whole[cut:]
        if cut:
            yield whole[:cut]
    if rest:
        yield rest


@define
class Decoder:
    """Turns blocks of whole lines to UTF-8.

    Attributes:
        encoding: What they are in; empty for UTF-8 and UTF-16.
        lines: How many lines came by.
        bad: The lines that are not of the encoding: line, reason, raw. They are left empty.
    """

    encoding: str
    lines: int = 0
    bad: list[tuple[int, str, str]] = field(factory=list)

    def decoded(self, block: bytes) -> bytes:
        """Return a block in UTF-8, as many lines as it had; UTF-8 and UTF-16 as they are."""
        if not self.encoding:
            self.lines += block.count(b"\n")
            return block
        try:
            text = block.decode(self.encoding).encode()
        except (UnicodeDecodeError, UnicodeEncodeError):
            text = b"\n".join(map(self._line, block.split(b"\n"), count(self.lines + 1)))
        self.lines += block.count(b"\n")
        return text

    def _line(self, line: bytes, number: int) -> bytes:
        try:
            return line.decode(self.encoding).encode()
        except (UnicodeDecodeError, UnicodeEncodeError):
            reason = f"the line is not {self.encoding.upper()}; correct 'encoding' in the config, or the file"
            self.bad.append((number, reason, line.decode("ascii", "backslashreplace")))
            return b""
