"""``siyu plugins``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import click

from siyu.cli.options import as_json, with_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siyu.schema import Key, Manual

__all__ = ["plugins"]

_KEYS = ["key", "takes", "default", "unit", "what it is", "example"]


class _Plugins(click.Group):
    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Take what names no subcommand for the folder to list."""
        named = bool(args) and (args[0] in self.commands or args[0] in context.help_option_names)
        return super().parse_args(context, args if named else ["list", *args])


@click.group(cls=_Plugins)
def plugins() -> None:
    """List the plugins that are found, or show the manual of what one brings.

    `siyu plugins [FOLDER]` is short for `siyu plugins list [FOLDER]`.
    """


@plugins.command("list")
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@with_json
def listed(folder: Path | None, *, machine: bool) -> None:
    """List the plugins that are found, and what they bring; with FOLDER, as that brand blocks them.

    Ends with status 1 where one of them is broken.
    """
    from siyu.config.programme import blocked
    from siyu.registry import discover

    registry = discover(blocked(folder) if folder else ())
    found = list(registry.plugins.values())
    brought = {plugin.name: registry.brought(plugin.name) for plugin in found}
    if machine:
        as_json([{**attrs.asdict(plugin), "brings": brought[plugin.name]} for plugin in found])
    else:
        from siyu.cli.show import table, terminal

        rows = [
            (one.name, ", ".join(brought[one.name]), f"{one.distribution} {one.version}", one.state, one.error)
            for one in found
        ]
        terminal().print(table("Plugins", ["name", "brings", "from", "state", "error"], rows))
    if any(plugin.state == "broken" for plugin in found):
        sys.exit(1)


@plugins.command()
@click.argument("name")
@with_json
def show(name: str, *, machine: bool) -> None:
    """Show the manual of NAME, as `use` takes it: what it does, its keys, an example.

    Where several kinds have one of that name, NAME is KIND.NAME.
    """
    from siyu.registry import discover
    from siyu.schema import manual

    found = manual(discover(), name)
    if machine:
        as_json(attrs.asdict(found))
    else:
        _print(found)


def _print(manual: Manual) -> None:
    from siyu.cli.show import table, terminal

    console = terminal()
    click.echo(f"{manual.kind} '{manual.use}', of {manual.plugin}\n\n{manual.doc}\n")
    if manual.keys:
        console.print(table("Keys", _KEYS, _rows(manual.keys)))
    else:
        click.echo("It has no keys of its own.\n")
    for part in manual.parts:
        click.echo(part.doc)
        console.print(table(f"Keys of {part.path}", _KEYS, _rows(part.keys)))
    if manual.example:
        click.echo(f"Example:\n\n{manual.example}")


def _rows(keys: Sequence[Key]) -> list[tuple[str, ...]]:
    from rich.markup import escape

    rows = ((key.key, key.type, key.default, key.unit, key.doc, key.example) for key in keys)
    # What stands in brackets would be taken for a style.
    return [tuple(escape(text) for text in row) for row in rows]
