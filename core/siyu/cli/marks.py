"""``siyu marks``."""

from __future__ import annotations

import sys

import click

from siyu.cli.options import as_json, moment, parted, with_environment, with_json

__all__ = ["marks"]

_COLUMNS = ["member", "mark", "change"]


@click.command()
@click.argument("named", nargs=-1, metavar="[FOLDER] CHANNEL")
@moment
@with_environment
@with_json
@click.option("--apply", "applied", is_flag=True, help="Have the channel make the changes, and record those it made.")
def marks(named: tuple[str, ...], now: str | None, environment: str | None, *, machine: bool, applied: bool) -> None:
    """Show what CHANNEL has to change of its own tags, by the tags of the last run.

    A row is a member, the channel's id of its tag, and whether to add or to remove it. With --apply the channel is
    told, where it can be, as wecom-customer can; the exit status is 1 where it did not make them all. Another program
    that applied one reports it back as an event `marked` or `unmarked`.
    """
    folder, (channel,) = parted(named, 1, "which channel")
    import siyu

    columns = [*_COLUMNS, "reason"] if applied else _COLUMNS
    with siyu.open(folder, environment=environment) as brand:
        if applied:
            rows = [(one.member, one.mark, one.change, one.reason) for one in brand.show_marks(channel, now=now)]
        else:
            rows = brand.marks(channel, now=now).to_native().fetchall()
    if machine:
        as_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        from siyu.cli.show import table, terminal

        title = f"Changed in {channel}, or why not" if applied else f"To change in {channel}"
        terminal().print(table(title, columns, rows) if rows else f"nothing to change in {channel}")
    if applied and any(row[-1] for row in rows):
        sys.exit(1)
