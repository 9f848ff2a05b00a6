"""The example brands that come with siyu."""

from __future__ import annotations

import shutil
from importlib.resources import as_file, files
from pathlib import Path

from siyu.config._words import closest
from siyu.errors import UserError

__all__ = ["examples", "lay_out"]

_STORE = ".siyu"


def examples() -> dict[str, Path]:
    """Return the folders of the examples, by name."""
    with as_file(files("siyu")) as package:
        # An installed siyu has them in the package, a checkout beside it.
        root = package / "examples" if (package / "examples").is_dir() else package.parents[1] / "configs"
        return {path.parent.name: path.parent for path in sorted(root.glob("*/brand.toml"))}


def lay_out(name: str, folder: Path) -> list[Path]:
    """Copy an example into a folder and return its files there.

    Raises:
        UserError: There is no such example, or a file of that name is there already.
    """
    known = examples()
    if name not in known:
        raise UserError(f"no example '{name}'; {closest(name, known) or 'there are ' + ', '.join(known)}")
    source = known[name]
    names = [path.relative_to(source) for path in sorted(source.rglob("*")) if path.is_file()]
    wanted = [path for path in names if _STORE not in path.parts and "__pycache__" not in path.parts]
    there = [str(folder / path) for path in wanted if (folder / path).exists()]
    if there:
        raise UserError(f"{', '.join(there)} would be overwritten; choose another folder")
    for path in wanted:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / path, folder / path)
    return [folder / path for path in wanted]
