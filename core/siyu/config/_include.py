"""Further files that a file of a config names: ``include = ["../shared/*.toml"]``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from siyu.config._words import shown
from siyu.config.locate import Path as Keys
from siyu.config.locate import locate, problem_at

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from siyu.errors import Problem

__all__ = ["included"]


def included(path: Path, text: str, tree: dict[str, Any], known: Collection[Path], unread: list[Problem]) -> list[Path]:
    """Take ``include`` out of a file's tree and return the files that it adds, each once.

    Args:
        path: The file that names them, by paths or globs from its own folder.
        text: Its text, to place problems.
        tree: What was read of it.
        known: The files that are read anyway.
        unread: Takes a problem for each name that is no file.
    """
    named = tree.pop("include", [])
    seen, added = {one.resolve() for one in known}, []
    if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
        unread.append(_refused(path, text, ("include",), 'expected a list of paths, as in ["../shared/*.toml"]'))
        return []
    for position, name in enumerate(named):
        found = _files(path.parent, name)
        if not found:
            unread.append(_refused(path, text, ("include", position), f"includes {shown(name)}, which is no file"))
        for one in found:
            if one.resolve() not in seen:
                seen.add(one.resolve())
                added.append(one)
    return added


def _files(folder: Path, name: str) -> list[Path]:
    """Return the files of a path or a glob; none where the name cannot be one."""
    try:
        if "*" in name:
            return sorted(one for one in folder.glob(name) if one.is_file())
        return [folder / name] if (folder / name).is_file() else []
    except (OSError, ValueError, NotImplementedError):
        # Too long a name, a glob with ** within a word, a glob that starts at the root.
        return []


def _refused(path: Path, text: str, keys: Keys, message: str) -> Problem:
    return problem_at(
        message, keys, str(path), locate(text, keys), hint="paths and globs start from the file's own folder"
    )
