"""The lint that keeps plugins to calls which are equal on every engine: ``python -m siyu.testing.portable PATH…``.

A line opts out with a comment ``# portable: reason``.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Finding", "findings", "main"]

_OVER = "give .over(…, order_by=[…]) with a total order"
_CORE_COLLECTS = "return the frame; the core collects"
_NOW = "view.now and view.today"

_CALLS = {
    "unpivot": "siyu.frames.long",
    "melt": "siyu.frames.long",
    "join_asof": "siyu.frames.next_after, or siyu.frames.latest after a join",
    "first": "siyu.frames.latest with a falling order, or min",
    "last": "siyu.frames.latest, or max",
    "map_batches": "narwhals expressions",
    "map_elements": "narwhals expressions",
    "pivot": "conditional sums in one agg: nw.when(…).then(…).otherwise(0).sum()",
    "collect": _CORE_COLLECTS,
    "collect_schema": "columns that you name; siyu.frames.cast_like for those that may be missing",
    "to_native": "narwhals expressions",
    "to_pandas": _CORE_COLLECTS,
    "to_polars": _CORE_COLLECTS,
    "to_arrow": _CORE_COLLECTS,
    "iter_rows": "joins and expressions: relations are exchanged, never rows",
    "rows": "joins and expressions: relations are exchanged, never rows",
}
_MODULES = {
    **dict.fromkeys(("duckdb", "polars", "pandas", "pyarrow", "pyspark", "numpy"), "narwhals expressions on frames"),
    **dict.fromkeys(("random", "secrets"), "siyu.arms: chance is arithmetic on the member's id"),
}
_PUBLIC = {
    "siyu",
    "siyu.arms",
    "siyu.config.days",
    "siyu.config.expressions",
    "siyu.config.units",
    "siyu.errors",
    "siyu.events",
    "siyu.frames",
    "siyu.hooks",
    "siyu.intake",
    "siyu.kinds",
    "siyu.values",
    "siyu.view",
}
_CLOCKS = {
    "date": {"today"},
    "datetime": {"now", "today", "utcnow"},
    "time": {"gmtime", "localtime", "monotonic", "monotonic_ns", "perf_counter", "time", "time_ns"},
}
_ORDERED = {
    "cum_count",
    "cum_max",
    "cum_min",
    "cum_prod",
    "cum_sum",
    "diff",
    "ewm_mean",
    "rolling_mean",
    "rolling_std",
    "rolling_sum",
    "rolling_var",
    "shift",
}
_WAIVED = re.compile(r"#\s*portable:\s*\S")


@frozen(order=True)
class Finding:
    """A call that differs between engines, or that makes a decision depend on more than log, config and now.

    Attributes:
        file: The file.
        line: The line, from 1.
        column: The column, from 1.
        call: What was found.
        instead: What to use instead.
    """

    file: Path
    line: int
    column: int
    call: str
    instead: str

    def __str__(self) -> str:
        """The finding on one line, as compilers write it."""
        return f"{self.file}:{self.line}:{self.column}: {self.call} is not portable; use {self.instead}"


def findings(path: Path) -> list[Finding]:
    """Return what is not portable in a Python file, in the order of its lines.

    Raises:
        SyntaxError: The file is not Python.
    """
    text = path.read_text(encoding="utf-8")
    waived = {number for number, line in enumerate(text.splitlines(), 1) if _WAIVED.search(line)}
    found = [Finding(path, *judged) for node in ast.walk(ast.parse(text, str(path))) for judged in _judged(node)]
    return sorted(finding for finding in found if finding.line not in waived)


def main(arguments: Sequence[str]) -> int:
    """Print the findings in files and folders; return 1 if there are any, 2 without a path, else 0."""
    if not arguments:
        sys.stderr.write("usage: python -m siyu.testing.portable PATH…\n")
        return 2
    found = [finding for path in map(Path, arguments) for file in _files(path) for finding in findings(file)]
    sys.stdout.writelines(f"{finding}\n" for finding in found)
    return 1 if found else 0


def _files(path: Path) -> list[Path]:
    return sorted(path.rglob("*.py")) if path.is_dir() else [path]


def _judged(node: ast.AST) -> Iterator[tuple[int, int, str, str]]:
    """Yield what is wrong with one node itself: line, column, call, what to use instead."""
    match node:
        case ast.Import() | ast.ImportFrom():
            for call, instead in _imports(node):
                yield node.lineno, node.col_offset + 1, call, instead
        case ast.Attribute(attr="dt"):
            yield (
                *_place(node),
                ".dt",
                "the Int64 and Int32 columns beside a timestamp: second, day, and the calendar's",
            )
        case ast.Call(func=ast.Attribute() as called):
            for call, instead in _calls(node, called):
                yield *_place(called), call, instead


def _place(node: ast.Attribute) -> tuple[int, int]:
    """Return the line and column of an attribute's name, which may stand lines below the start of its chain."""
    line, end = node.end_lineno or node.lineno, node.end_col_offset or 0
    return line, end - len(node.attr) + 1


def _imports(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
    for name in _imported(node):
        top = name.partition(".")[0]
        if top in _MODULES:
            yield f"import of {top}", _MODULES[top]
        elif top == "siyu" and _is_module(name) and name not in _PUBLIC:
            yield f"import of {name}", f"one of {', '.join(sorted(_PUBLIC))}"
        elif name.startswith("time.") and name[5:] in _CLOCKS["time"]:
            yield f"import of {name}", _NOW


def _imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    """Return the dotted names of what is imported; of a module's members, the module beside them."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if node.level or node.module is None:
        return []
    members = [f"{node.module}.{alias.name}" for alias in node.names]
    modules = [member for member in members if _is_module(member)]
    return members if node.module == "time" else modules or [node.module]


def _is_module(name: str) -> bool:
    """Tell whether a dotted name below ``siyu`` is a module or a package of it, and no member of one."""
    top, *below = name.split(".")
    path = Path(__file__).parents[1].joinpath(*below)
    return top == "siyu" and (path.is_dir() or path.with_suffix(".py").is_file())


def _calls(node: ast.Call, called: ast.Attribute) -> Iterator[tuple[str, str]]:
    name, owner = called.attr, _last_name(called.value)
    if name in _CALLS:
        yield f".{name}()", _CALLS[name]
    elif name in _CLOCKS.get(owner, ()):
        yield f"{owner}.{name}()", _NOW
    elif name == "over" and not any(word.arg in {"order_by", None} for word in node.keywords):
        for function in sorted(_ordered(called.value)):
            yield f".{function}().over() without order_by", _OVER


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _ordered(node: ast.AST) -> set[str]:
    """Return the functions in an expression that need an order, outside of windows of its own."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr == "over":
            return set()
        if node.func.attr in _ORDERED:
            return {node.func.attr}
    return {name for child in ast.iter_child_nodes(node) for name in _ordered(child)}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
