"""What holds the shape of the code: small files, imports that point one way, hooks that explain themselves."""

from __future__ import annotations

import ast
import inspect
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import siyu
import siyu_plugins
from siyu import hooks
from siyu.testing.portable import findings

CORE = Path(siyu.__file__).parent
PLUGINS = Path(siyu_plugins.__file__).parent
LINES = 300
# What each part may not import when siyu runs; an annotation may name anything.
FORBIDDEN = {
    "stages": ("siyu.brand", "siyu.loop", "siyu.opening", "siyu.registry", "siyu.stores"),
    "gate": ("siyu.brand", "siyu.loop", "siyu.opening", "siyu.registry", "siyu.stages", "siyu.stores"),
    "loop.py": ("siyu.brand", "siyu.opening", "siyu.registry", "siyu.stores"),
    "view.py": ("siyu.brand", "siyu.loop", "siyu.opening", "siyu.registry", "siyu.stages", "siyu.stores", "siyu.work"),
    "stores": ("siyu.brand", "siyu.loop", "siyu.opening", "siyu.registry", "siyu.stages"),
    "config": ("siyu.brand", "siyu.loop", "siyu.opening", "siyu.stages", "siyu.stores", "siyu.view"),
    "frames.py": ("siyu",),
    "tables.py": ("siyu",),
}


def modules(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def names(paths: list[Path], root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in paths]


def imported(path: Path, *, annotations: bool) -> set[str]:
    """Return the modules that a file imports, also those that only annotations need where that is asked for."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: set[str] = set()
    for node in walked(tree, annotations=annotations):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: imports are absolute"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def walked(node: ast.AST, *, annotations: bool) -> Iterator[ast.AST]:
    yield node
    for child in ast.iter_child_nodes(node):
        checking = isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING"
        if annotations or not checking:
            yield from walked(child, annotations=annotations)


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


@pytest.mark.parametrize("name", names(modules(CORE), CORE))
def test_core_files_are_short(name: str) -> None:
    assert len((CORE / name).read_text(encoding="utf-8").splitlines()) <= LINES


def test_the_core_imports_no_plugin() -> None:
    reaching = [
        path for path in modules(CORE) if any(within(one, "siyu_plugins") for one in imported(path, annotations=True))
    ]
    assert names(reaching, CORE) == []


def test_nothing_but_the_command_imports_the_command() -> None:
    # The manual of the command is made of the command itself.
    known = [CORE / "testing" / "manual.py", *modules(CORE / "cli")]
    others = [path for path in modules(CORE) + modules(PLUGINS) if path not in known]
    reaching = [path for path in others if any(within(one, "siyu.cli") for one in imported(path, annotations=True))]
    assert [str(path) for path in reaching] == []


@pytest.mark.parametrize(("part", "forbidden"), FORBIDDEN.items())
def test_imports_point_one_way(part: str, forbidden: tuple[str, ...]) -> None:
    files = [CORE / part] if part.endswith(".py") else modules(CORE / part)
    assert files
    wrong = [
        (path.relative_to(CORE).as_posix(), one)
        for path in files
        for one in sorted(imported(path, annotations=False))
        if any(within(one, package) for package in forbidden)
    ]
    assert wrong == []


def test_the_core_needs_no_frame_library_but_its_own() -> None:
    extras = ("polars", "pandas", "pyarrow", "pyspark", "numpy")
    core = [path for path in modules(CORE) if path != CORE / "testing" / "polars.py"]
    found = {one for path in core + modules(PLUGINS) for one in imported(path, annotations=True)}
    assert [one for one in found if any(within(one, extra) for extra in extras)] == []


def test_all_brings_every_extra_but_spark() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    (every,) = extras["all"]
    assert every.startswith("siyu[")
    assert set(every[5:-1].split(",")) == set(extras) - {"all", "spark"}


def test_plugins_keep_to_portable_frames() -> None:
    assert [str(finding) for path in modules(PLUGINS) for finding in findings(path)] == []


def test_every_hook_explains_itself() -> None:
    found = {name: hook for name, hook in vars(hooks).items() if name.startswith("siyu_")}
    assert {"siyu_register_taggers", "siyu_guard_touches", "siyu_after_run"} <= set(found)
    for name, hook in found.items():
        assert hasattr(hook, "siyu_spec"), f"{name} is not marked @hookspec"
        assert (inspect.getdoc(hook) or "").endswith("."), f"{name} has no docstring"
        assert set(hook.__annotations__) == {*inspect.signature(hook).parameters, "return"}, f"{name} lacks a type"
