"""``siyu segments``."""

from __future__ import annotations

from pathlib import Path

import attrs
import click

from siyu.cli.options import as_json, folder, with_environment, with_json

__all__ = ["segments"]


@click.command()
@folder
@click.option("--overlap", is_flag=True, help="Also show how many members each two of them share.")
@with_environment
@with_json
def segments(folder: Path, environment: str | None, *, overlap: bool, machine: bool) -> None:
    """Show how many members each segment has, and how many joined and left it in the last run."""
    import siyu

    with siyu.open(folder, environment=environment) as brand:
        found = brand.segments()
    if machine:
        as_json(attrs.asdict(found))
        return
    from siyu.cli.show import table, terminal

    console = terminal()
    rows = [[one.name, str(one.size), _number(one.joined), _number(one.left), one.text] for one in found.sizes]
    console.print(table("Segments, as of the last run", ["segment", "members", "joined", "left", "who"], rows))
    if overlap:
        shared = [[one.first, one.second, str(one.both), f"{one.share:.0%}"] for one in found.overlaps]
        console.print(table("Members in both", ["segment", "and", "members", "of the smaller"], shared))


def _number(number: int | None) -> str:
    return "" if number is None else str(number)
