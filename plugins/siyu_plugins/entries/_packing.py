"""What is in a compressed file, as far as it can be read."""

from __future__ import annotations

import bz2
import zlib
from contextlib import suppress
from importlib import import_module
from pathlib import PurePath
from typing import TYPE_CHECKING, BinaryIO, Protocol

from siyu.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["PACKINGS", "DamagedError", "unpacked"]

_CHUNK = 2**18
_PIECE = 64


class DamagedError(Exception):
    """A compressed file ends early, or what follows in it cannot be read."""


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, /) -> bytes: ...


def _gzip() -> _Decompressor:
    return zlib.decompressobj(wbits=31)


def _zstd() -> _Decompressor:
    # Python has it from 3.14 on; the library is its copy for older ones.
    for name in ("compression.zstd", "backports.zstd"):
        with suppress(ImportError):
            made: _Decompressor = import_module(name).ZstdDecompressor()
            return made
    raise UserError("files that end in .zst need a library; install it with: pip install 'siyu[zstd]'")


PACKINGS: dict[str, Callable[[], _Decompressor]] = {".gz": _gzip, ".bz2": bz2.BZ2Decompressor, ".zst": _zstd}
"""What decompresses a file, by the end of its name."""


def unpacked(file: BinaryIO, name: str) -> Iterator[bytes]:
    """Yield what is in a file, decompressed where its name says that it is compressed.

    Raises:
        DamagedError: It ends early, or cannot be read any further; what could be read was yielded.
        UserError: The library for it is missing.
    """
    make = PACKINGS.get(PurePath(name).suffix.lower())
    if make is None:
        while chunk := file.read(_CHUNK):
            yield chunk
        return
    engine, begun = make(), False
    while chunk := file.read(_CHUNK):
        while chunk:
            begun = True
            yield from _decompressed(engine, chunk)
            # A file may hold several parts, one after the other.
            chunk = engine.unused_data
            if engine.eof:
                engine, begun = make(), False
    if begun:
        raise DamagedError


def _decompressed(engine: _Decompressor, chunk: bytes) -> Iterator[bytes]:
    """Yield what a chunk holds; of a damaged one, what comes before the damage where the library can tell."""
    before = engine.copy() if hasattr(engine, "copy") else None
    try:
        yield engine.decompress(chunk)
    except (zlib.error, OSError, ValueError, RuntimeError) as error:
        if before is not None:
            yield from _before_damage(before, chunk)
        raise DamagedError from error
    except Exception as error:
        if type(error).__name__ != "ZstdError":
            raise
        raise DamagedError from error


def _before_damage(engine: _Decompressor, chunk: bytes) -> Iterator[bytes]:
    for start in range(0, len(chunk), _PIECE):
        try:
            yield engine.decompress(chunk[start : start + _PIECE])
        except zlib.error:
            return
