"""``siyu data-map``."""

from __future__ import annotations

from pathlib import Path

import attrs
import click

from siyu.cli.options import as_json, folder, with_environment, with_json

__all__ = ["data_map"]


@click.command("data-map")
@folder
@with_environment
@with_json
def data_map(folder: Path, environment: str | None, *, machine: bool) -> None:
    """Show what is kept of members, what for, how sensitive it is, for how long, and where it goes.

    It is told from the config alone; the store is not opened.
    """
    from siyu.config.programme import blocked, load
    from siyu.registry import discover
    from siyu.rights.data_map import mapped

    registry = discover(blocked(folder, environment)).require()
    rows = mapped(load(folder, registry, environment), registry.events)
    if machine:
        as_json([attrs.asdict(one) for one in rows])
        return
    from siyu.cli.show import table, terminal

    head = ["what", "kept in", "purpose", "sensitivity", "kept for", "goes to"]
    terminal().print(table("What is kept of members", head, [attrs.astuple(one) for one in rows]))
