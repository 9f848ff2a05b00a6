"""``siyu plan``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from siyu.cli.options import as_json, folder, moment, progress, with_environment, with_json

__all__ = ["plan"]

_CHANGES = 3


@click.command()
@folder
@moment
@with_environment
@with_json
@click.option("--exit-code", is_flag=True, help="End with status 3 where there is something to do.")
def plan(folder: Path, now: str | None, environment: str | None, *, machine: bool, exit_code: bool) -> None:
    """Show what a run would do, and why, without doing it.

    The first time, the brand's key and an empty store are made.
    """
    import siyu
    from siyu.cli import show

    with siyu.open(folder, environment=environment) as brand, progress(quiet=machine) as tell:
        done = brand.plan(now=now, progress=tell)
    if machine:
        as_json(show.plain(done))
    else:
        show.outcome(brand, done, intro="What would be sent, held or suppressed, and why")
    if exit_code and any(done.counts.get(name) for name in ("touches", "grants", "gate: passed")):
        sys.exit(_CHANGES)
