"""Which files a pattern means: in the brand's folder, or in an installed package."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

from attrs import frozen

from siyu.errors import UserError
from siyu_plugins.entries._packing import PACKINGS
from siyu_plugins.entries._wanted import wanted

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["FORMS", "Form", "Source", "form", "located"]

Form = Literal["csv", "jsonl", "parquet", "sheet"]
"""What a file holds; a sheet is read as JSON Lines."""

FORMS: dict[str, Form] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    **dict.fromkeys((".xlsx", ".xlsb", ".xls", ".ods"), "sheet"),
}
"""What a file holds, by the end of its name; CSV and JSON Lines may end in ``.gz``, ``.bz2`` or ``.zst`` after it."""

_PACKAGE = "package:"
_REMOTE = "://"
_INSTALL = "install it with: pip install 'siyu[fsspec]'"


@frozen
class Source:
    """A file, here or in an object store.

    Attributes:
        name: How people know it: relative to where its pattern starts.
        size: Its size in bytes.
        stamp: What changes when it is written.
        path: Where it is, where the engine can open it itself; None elsewhere.
        opener: Opens one that is elsewhere.
    """

    name: str
    size: int
    stamp: str
    path: Path | None = None
    opener: Callable[[], BinaryIO] | None = None

    def open(self) -> BinaryIO:
        """Open it to be read.

        Raises:
            UserError: It cannot be opened.
        """
        try:
            if self.opener is not None:
                return self.opener()
            return Path(self.path or self.name).open("rb")
        except OSError as error:
            raise UserError(f"{self.name}: cannot be opened ({error}); check its name in the config") from None


def located(folder: Path, patterns: Iterable[str]) -> dict[str, Source]:
    """Return the files that patterns mean, in the order of the patterns and then of their names.

    Args:
        folder: Where relative patterns start.
        patterns: Paths or globs; ``package:NAME/path`` starts in the folder of an installed package, which is not
            imported; ``PROTOCOL://path`` is in an object store.

    Returns:
        The files by name.

    Raises:
        UserError: A file, the folder of a glob, a package or the library of an object store is missing.
    """
    found = [source for one in patterns for source in (remote(one) if _REMOTE in one else _local(folder, one))]
    return {source.name: source for source in found}


def form(name: str) -> Form:
    """Return what a file holds, by its name.

    Raises:
        UserError: The name has another end than those of ``FORMS``.
    """
    path = Path(name.lower())
    found = FORMS.get((path.with_suffix("") if path.suffix in PACKINGS else path).suffix)
    if found is None or (path.suffix in PACKINGS and found not in ("csv", "jsonl")):
        raise UserError(f"{name}: what is in this file? its name must end in one of {', '.join(FORMS)}")
    return found


def _local(folder: Path, pattern: str) -> list[Source]:
    found = []
    for name, path in _matching(folder, pattern):
        about = path.stat()
        found.append(Source(name, about.st_size, str(about.st_mtime_ns), path))
    return found


def _matching(folder: Path, pattern: str) -> list[tuple[str, Path]]:
    prefix, root, rest = _rooted(folder, pattern)
    if not any(letter in rest for letter in "*?["):
        if not (root / rest).is_file():
            raise UserError(f"{pattern}: there is no such file in {root}; correct 'files' in the config")
        return [(prefix + rest, root / rest)]
    fixed = root.joinpath(*_fixed(Path(rest).parts))
    if not fixed.is_dir():
        raise UserError(f"{pattern}: there is no folder {fixed}; make it, or correct 'files' in the config")
    found = sorted(path for path in root.glob(rest) if path.is_file())
    return [(prefix + path.relative_to(root).as_posix(), path) for path in found]


def _rooted(folder: Path, pattern: str) -> tuple[str, Path, str]:
    """Return what a file's name begins with, where the pattern starts, and the pattern from there."""
    if pattern.startswith(_PACKAGE):
        package, _, rest = pattern.removeprefix(_PACKAGE).partition("/")
        return f"{_PACKAGE}{package}/", _package(package), rest
    anchor = Path(pattern).anchor
    return anchor, Path(anchor) if anchor else folder, pattern.removeprefix(anchor)


def _fixed(names: tuple[str, ...]) -> list[str]:
    """Return the leading folders of a pattern that hold no wildcard."""
    place = next(place for place, name in enumerate(names) if any(letter in name for letter in "*?["))
    return list(names[:place])


def _package(name: str) -> Path:
    # A dotted name would make find_spec import what stands before the dot.
    spec = find_spec(name) if name.isidentifier() else None
    places = list(spec.submodule_search_locations or ()) if spec else []
    if not places:
        raise UserError(f"{_PACKAGE}{name}: the package is not installed; install it with: pip install {wanted(name)}")
    return Path(places[0])


def remote(pattern: str) -> list[Source]:
    """Return the files of an object store that a pattern means; credentials are found as fsspec finds them."""
    protocol = pattern.partition(_REMOTE)[0]
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise UserError(f"{pattern}: object stores need a library; {_INSTALL}") from None
    try:
        store, path = url_to_fs(pattern)
        names = sorted(store.glob(path)) if any(letter in path for letter in "*?[") else [path]
        abouts = [(name, store.info(name)) for name in names]
    except (ImportError, ValueError) as error:
        raise UserError(f"{pattern}: {error}; {_INSTALL}, and the library of {protocol}") from None
    except OSError as error:
        raise UserError(f"{pattern}: cannot be reached ({error}); correct 'files' in the config") from None
    return [
        Source(
            f"{protocol}{_REMOTE}{name.lstrip('/') if protocol != 'file' else name}",
            int(about.get("size") or 0),
            str(about.get("ETag") or about.get("mtime") or about.get("LastModified") or about.get("created") or ""),
            opener=partial(store.open, name, "rb"),
        )
        for name, about in abouts
        if about.get("type") != "directory"
    ]
