"""``siyu run``."""

from __future__ import annotations

from pathlib import Path

import click

from siyu.cli.options import as_json, folder, moment, progress, stoppable, with_environment, with_json

__all__ = ["run"]


@click.command()
@folder
@moment
@with_environment
@with_json
@click.option("--send/--no-send", default=True, help="Deliver what passed the gate, or leave it queued.")
def run(folder: Path, now: str | None, environment: str | None, *, machine: bool, send: bool) -> None:
    """Do one pass of the loop: decide, record, deliver."""
    import siyu
    from siyu.cli import show

    with siyu.open(folder, environment=environment) as brand, stoppable(brand), progress(quiet=machine) as tell:
        done = brand.run(now=now, send=send, progress=tell)
    if machine:
        as_json(show.plain(done))
    else:
        show.outcome(brand, done, intro="What passed the gate, is held or suppressed, and why")
