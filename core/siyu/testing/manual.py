"""Fills in what the manual takes from the code itself: ``python -m siyu.testing.manual docs/*.md``.

A page marks such a part by two comments at the beginning of a line; what stands between them is written anew:

    <!-- from the code: WHAT -->
    <!-- end -->

WHAT is ``components`` (all that siyu brings), ``component KIND USE``, ``keys MODULE.CLASS``, ``hook NAME``,
``help``, ``help COMMAND``, ``events``, ``gate`` or ``stages``.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from siyu import hooks
from siyu.cli.main import siyu
from siyu.events import EVENT_TYPES
from siyu.gate import RULES
from siyu.loop import STAGES
from siyu.registry import discover
from siyu.testing.sections import components, keys, markdown, section

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from siyu.registry import Registry

__all__ = ["command_help", "filled", "hook", "main"]

_COLUMNS = 80

_PART = re.compile(
    r"(?P<mark>^<!-- from the code: (?P<what>[^>]+) -->\n).*?(?P<end>^<!-- end -->)", re.DOTALL | re.MULTILINE
)


def filled(page: str, registry: Registry) -> str:
    """Return a page with all its marked parts written anew.

    Raises:
        ValueError: A mark asks for something that there is not.
    """
    return _PART.sub(lambda found: f"{found['mark']}{_part(found['what'], registry)}\n{found['end']}", page)


def hook(name: str) -> str:
    """Return what there is to say of a hook: its exact signature and its docstring."""
    function = getattr(hooks, name)
    node = ast.parse(inspect.getsource(function)).body[0]
    if not isinstance(node, ast.FunctionDef) or node.returns is None:
        message = f"{name} is no hook with a signature"
        raise TypeError(message)
    signature = f"def {name}({ast.unparse(node.args)}) -> {ast.unparse(node.returns)}: ..."
    return f"```python\n{signature}\n```\n\n{_listed(markdown(function.__doc__ or ''))}\n"


def command_help(command: str = "") -> str:
    """Return what ``siyu COMMAND --help`` prints, or ``siyu --help``.

    Raises:
        ValueError: There is no such command.
    """
    names = ["-h", "--help"]
    outer = click.Context(siyu, info_name="siyu", terminal_width=_COLUMNS, help_option_names=names)
    if not command:
        return siyu.get_help(outer)
    found = siyu.get_command(outer, command)
    if found is None:
        message = f"there is no command '{command}'"
        raise ValueError(message)
    inner = click.Context(found, outer, command, terminal_width=_COLUMNS, help_option_names=names)
    return found.get_help(inner)


def main(arguments: Sequence[str]) -> int:
    """Write the marked parts of the pages anew; return 2 without a page, 1 where a mark is wrong."""
    if not arguments:
        sys.stderr.write("name the pages to fill in, as in docs/*.md\n")
        return 2
    registry = discover()
    for path in map(Path, arguments):
        page = path.read_text(encoding="utf-8")
        try:
            path.write_text(filled(page, registry), encoding="utf-8")
        except ValueError as error:
            sys.stderr.write(f"{path}: {error}\n")
            return 1
    return 0


def _part(what: str, registry: Registry) -> str:
    match what.split():
        case ["components"]:
            return components(registry)
        case ["component", kind, use] if use in registry.components.get(kind, {}):
            return section(use, registry.components[kind][use])
        case ["keys", dotted]:
            module, _, name = dotted.rpartition(".")
            return keys(getattr(import_module(module), name))
        case ["hook", name] if name in vars(hooks):
            return hook(name)
        case ["help", *command]:
            shown = " ".join(["siyu", *command, "--help"])
            return f"```console\n$ {shown}\n{command_help(*command)}\n```\n"
        case [name] if name in _TABLES:
            return _TABLES[name]()
    message = f"nothing is known by the mark '{what}'"
    raise ValueError(message)


def _events() -> str:
    types = sorted(EVENT_TYPES.items())
    rows = [(f"`{name}`", one.meaning, one.subject, one.ref, one.amount, _needs(one.props)) for name, one in types]
    return _table(["event", "the fact", "`subject`", "`ref`", "`amount`", "`props`"], rows)


def _needs(props: Mapping[str, str]) -> str:
    return ", ".join(f"`{name}`: {why}" for name, why in sorted(props.items()))


def _gate() -> str:
    rows = [(rule.name, _summary(rule.judge)) for rule in RULES]
    return _table(["rule", "what it says"], rows)


def _stages() -> str:
    rows = [(f"`{one.name}`", one.gives, one.phase, "yes" if one.ticks else "no") for one in STAGES]
    return _table(["stage", "what it leaves for the later ones", "phase", "in a tick"], rows)


_TABLES: dict[str, Callable[[], str]] = {"events": _events, "gate": _gate, "stages": _stages}


def _summary(function: object) -> str:
    return markdown(inspect.getdoc(function) or "").partition("\n\n")[0].replace("\n", " ")


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _listed(text: str) -> str:
    """Write the parts of a docstring that have a heading as Markdown."""
    text = re.sub(r"(?m)^(Args|Returns|Raises):$", r"\1:\n", text)
    text = re.sub(r"(?m)^ {4}(\w+): ", r"- `\1`: ", text)
    return re.sub(r"(?m)^ {4}( {4})?", lambda found: "  " if found[1] else "", text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
