"""``siyu marks``."""

from __future__ import annotations

import click

from siyu.cli.options import as_json, moment, parted, with_environment, with_json

__all__ = ["marks"]

_COLUMNS = ["member", "mark", "change"]


@click.command()
@click.argument("named", nargs=-1, metavar="[FOLDER] CHANNEL")
@moment
@with_environment
@with_json
def marks(named: tuple[str, ...], now: str | None, environment: str | None, *, machine: bool) -> None:
    """Show what CHANNEL has to change of its own tags, by the tags of the last run.

    A row is a member, the channel's id of its tag, and whether to add or to remove it. A program that applied one
    reports it back as an event `marked` or `unmarked`.
    """
    folder, (channel,) = parted(named, 1, "which channel")
    import siyu

    with siyu.open(folder, environment=environment) as brand:
        rows = brand.marks(channel, now=now).to_native().fetchall()
    if machine:
        as_json([dict(zip(_COLUMNS, row, strict=True)) for row in rows])
        return
    from siyu.cli.show import table, terminal

    console = terminal()
    console.print(table(f"To change in {channel}", _COLUMNS, rows) if rows else f"nothing to change in {channel}")
