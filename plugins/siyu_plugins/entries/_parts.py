"""The part of a file that is to be read, as a plain file that the engine can open."""

from __future__ import annotations

import shutil
import tempfile
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from contextlib import ExitStack
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Literal, Self

from attrs import Factory, define, frozen

from siyu_plugins.entries._decoding import Decoder, is_unicode, lines_of
from siyu_plugins.entries._marks import Mark, surveyed
from siyu_plugins.entries._packing import PACKINGS, DamagedError, unpacked
from siyu_plugins.entries._sheets import written
from siyu_plugins.entries.places import Form, Source

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Bad", "Part", "Reading"]

Bad = tuple[int, str, str]
"""What cannot be read: line, reason, raw."""

_HEAD = 2**20
_DAMAGED = "the compressed file is damaged or ends early: the rest of it is lost; get it again"


@frozen
class Part:
    """What is to be read of a file.

    Attributes:
        path: A plain file with it; None where nothing can be read.
        form: What is in that.
        mark: How far the file is read with it.
        after: How much greater the numbers of the file's lines are than those of this one's.
        bad: What cannot be read.
    """

    path: Path | None
    form: Literal["csv", "jsonl", "parquet"]
    mark: Mark
    after: int = 0
    bad: list[Bad] = Factory(list)


@define
class Reading:
    """Opens one file; what it needs on the way is gone when its ``with`` ends.

    Attributes:
        source: The file.
        form: What is in it.
        encoding: What its text is in, where it is neither UTF-8 nor UTF-16; empty for these.
        sheet: Which sheet of a spreadsheet.
        growing: Whether what follows its last line's end is left for the next time.
        whole: Whether it is read whole also where it only grew.
    """

    source: Source
    form: Form
    encoding: str = ""
    sheet: str = ""
    growing: bool = False
    whole: bool = False
    _stack: ExitStack = Factory(ExitStack)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """Remove what was made on the way."""
        self._stack.close()

    @property
    def mark(self) -> Mark:
        """The mark of the file as it is now, which says that it must be read whole when it changes."""
        return Mark(self.source.size, self.source.stamp, f"{self.encoding}|{self.sheet}")

    def part(self, before: Mark | None) -> Part:
        """Return what is to be read since a mark.

        Raises:
            UserError: The file cannot be opened, or a library for it is missing.
        """
        if self.form == "sheet":
            path = self._scratch("sheet.jsonl")
            with self.source.open() as file:
                written(file, self.source.name, self.sheet, path)
            return Part(path, "jsonl", self.mark)
        if self.form == "parquet":
            return Part(self._itself(), "parquet", self.mark)
        return self._packed(self.form) if self._suffix in PACKINGS else self._text(self.form, before)

    @property
    def _suffix(self) -> str:
        return PurePath(self.source.name.lower()).suffix

    def _text(self, form: Literal["csv", "jsonl"], before: Mark | None) -> Part:
        with self.source.open() as file:
            head = file.read(_HEAD)
            if head.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
                return Part(self._itself(), form, self.mark)
            known = before if before is not None and before.settings == self.mark.settings and not self.whole else None
            found = surveyed(file, known)
        encoding = "" if is_unicode(head) else self.encoding
        flaw = _flaw(head, encoding)
        if flaw:
            return Part(None, form, self.mark, bad=[flaw])
        start, lines = (known.end, known.lines) if known is not None and found.old else (0, 0)
        resumes = found.even and not self.whole
        now = self.mark
        mark = Mark(now.size, now.stamp, now.settings, found.end, found.lines, found.check) if resumes else now
        until = found.end if self.growing else now.size
        if not (start or encoding) and until == now.size:
            return Part(self._itself(), form, mark)
        return self._rewritten(form, mark, Decoder(encoding, lines), (start, until))

    def _rewritten(self, form: Literal["csv", "jsonl"], mark: Mark, decoder: Decoder, span: tuple[int, int]) -> Part:
        """Write some bytes of the file anew: in UTF-8, with the header before them."""
        path, (start, until) = self._scratch(f"part.{form}"), span
        after = decoder.lines
        with self.source.open() as file, path.open("wb") as out:
            if start and form == "csv":
                out.write(Decoder(decoder.encoding).decoded(file.readline().removeprefix(BOM_UTF8)))
                after -= 1
            file.seek(start)
            for block in lines_of(_limited(unpacked(file, ""), until - start)):
                out.write(decoder.decoded(block))
        return Part(path, form, mark, after, decoder.bad)

    def _packed(self, form: Literal["csv", "jsonl"]) -> Part:
        """Write what is in a compressed file, as far as it can be read."""
        path, decoder = self._scratch(f"part.{form}"), None
        bad: list[Bad] = []
        with self.source.open() as file, path.open("wb") as out:
            try:
                for block in lines_of(unpacked(file, self.source.name)):
                    if decoder is None:
                        decoder = Decoder("" if is_unicode(block) else self.encoding)
                        bad += filter(None, [_flaw(block, decoder.encoding)])
                    out.write(decoder.decoded(block))
            except DamagedError:
                bad.append(((decoder.lines if decoder else 0) + 1, _DAMAGED, ""))
        header_fails = bool(bad) and bad[0][0] == 1
        return Part(None if header_fails else path, form, self.mark, bad=[*bad, *(decoder.bad if decoder else [])])

    def _itself(self) -> Path:
        """Return the file, or a copy of one that is elsewhere."""
        if self.source.path is not None:
            return self.source.path
        path = self._scratch(PurePath(self.source.name).name)
        with self.source.open() as file, path.open("wb") as out:
            shutil.copyfileobj(file, out)
        return path

    def _scratch(self, name: str) -> Path:
        folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="siyu-"))
        return Path(folder) / name


def _limited(blocks: Iterator[bytes], left: int) -> Iterator[bytes]:
    """Yield so many bytes."""
    for block in blocks:
        yield block[:left]
        left -= len(block)
        if left <= 0:
            return


def _flaw(head: bytes, encoding: str) -> Bad | None:
    """Return why the first line, which names the columns, cannot be read; None where it can."""
    if head.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return None
    line = head[: head.find(b"\n") + 1] or head
    try:
        line.decode(encoding or "utf-8")
    except UnicodeDecodeError:
        hint = "correct it" if encoding else 'say what the file is in, as in encoding = "gb18030"'
        raw = line.decode("ascii", "backslashreplace").rstrip("\r\n")
        return 1, f"the first line is not {(encoding or 'utf-8').upper()}; {hint} in the config", raw
    return None
