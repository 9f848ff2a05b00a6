"""``siyu plan``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from siyu.cli.options import as_json, folder, moment, progress, with_environment, with_json

if TYPE_CHECKING:
    from siyu.config.programme import Programme
    from siyu.outcome import Outcome

__all__ = ["plan"]

_CHANGES = 3


@click.command()
@folder
@moment
@with_environment
@with_json
@click.option("--by", type=click.Choice(["campaign"]), help="Show also what the gate made of each campaign.")
@click.option("--exit-code", is_flag=True, help="End with status 3 where there is something to do.")
@click.option("--save", "file", type=click.Path(path_type=Path), help="Write the plan there, for siyu approve.")
@click.option("--for", "lasts", default="1d", help="How long an approval of it holds, as 12h or 2d.", show_default=True)
def plan(  # noqa: PLR0913 - each is a word of the command
    folder: Path,
    now: str | None,
    environment: str | None,
    by: str | None,
    file: Path | None,
    lasts: str,
    *,
    machine: bool,
    exit_code: bool,
) -> None:
    """Show what a run would do, and why, without doing it.

    The first time, the brand's key and an empty store are made.
    """
    import siyu
    from siyu.cli import show

    with siyu.open(folder, environment=environment) as brand, progress(quiet=machine) as tell:
        done = brand.plan(now=now, progress=tell)
        if file is not None:
            _saved(file, done, brand.programme, lasts)
    if machine:
        as_json(show.plain(done))
    else:
        intro = "What would be sent, held or suppressed, and why"
        show.outcome(brand, done, intro=intro, campaigns=by == "campaign")
    if exit_code and any(done.counts.get(name) for name in ("touches", "grants", "gate: passed")):
        sys.exit(_CHANGES)


def _saved(file: Path, done: Outcome, programme: Programme, lasts: str) -> None:
    from siyu.config.units import Duration
    from siyu.plans import save

    try:
        seconds = Duration.parse(lasts).seconds
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--for") from None
    save(file, done, programme, seconds)
    click.echo(f"saved in {file}: siyu approve {file} --by NAME", err=True)
