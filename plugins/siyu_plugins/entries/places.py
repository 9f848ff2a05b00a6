"""Which files a pattern means: in the brand's folder, or in an installed package."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, requires
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from siyu.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["FORMS", "form", "located"]

FORMS: dict[str, Literal["csv", "jsonl", "parquet"]] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}
"""What a file holds, by the end of its name; CSV and JSON Lines may end in ``.gz`` after it."""

_PACKAGE = "package:"


def located(folder: Path, patterns: Iterable[str]) -> dict[str, Path]:
    """Return the files that patterns mean, in the order of the patterns and then of their names.

    Args:
        folder: Where relative patterns start.
        patterns: Paths or globs; ``package:NAME/path`` starts in the folder of an installed package, which is not
            imported.

    Returns:
        By name as people know the file (relative to where its pattern starts), where it is.

    Raises:
        UserError: A file, the folder of a glob or a package is missing.
    """
    return {name: path for pattern in patterns for name, path in _matching(folder, pattern)}


def form(name: str) -> Literal["csv", "jsonl", "parquet"]:
    """Return what a file holds, by its name.

    Raises:
        UserError: The name has another end than those of ``FORMS``.
    """
    found = FORMS.get(Path(name.lower().removesuffix(".gz")).suffix)
    if found is None:
        raise UserError(f"{name}: what is in this file? its name must end in one of {', '.join(FORMS)}")
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
        raise UserError(f"{_PACKAGE}{name}: the package is not installed; install it with: pip install {_wanted(name)}")
    return Path(places[0])


def _wanted(name: str) -> str:
    """Return what pip is to install for a package: the extra of siyu that brings it, else its own name."""
    plain = name.replace("_", "-").lower()
    try:
        known = requires("siyu") or []
    except PackageNotFoundError:
        known = []
    extras = [re.search(r"extra == ['\"]([^'\"]+)", line) for line in known if _distribution(line) == plain]
    return next((f"'siyu[{extra[1]}]'" for extra in extras if extra), plain)


def _distribution(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else ""
