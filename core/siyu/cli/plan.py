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

    span = _span(lasts)
    if file is not None:
        _free(file)
    with siyu.open(folder, environment=environment) as brand, progress(quiet=machine) as tell:
        done = brand.plan(now=now, progress=tell)
        if file is not None:
            _saved(file, done, brand.programme, span)
    if machine:
        as_json(show.plain(done))
    else:
        intro = "What would be sent, held or suppressed, and why"
        show.outcome(brand, done, intro=intro, campaigns=by == "campaign")
    if exit_code and any(done.counts.get(name) for name in ("touches", "grants", "gate: passed")):
        sys.exit(_CHANGES)


def _span(lasts: str) -> int:
    from siyu.config.units import Duration

    try:
        return Duration.parse(lasts).seconds
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--for") from None


def _free(file: Path) -> None:
    """Look whether a plan may be written to a file, before it is made: nothing but a plan is overwritten."""
    from siyu.plans import is_plan

    if file.exists() and not is_plan(file):
        raise click.BadParameter(f"{file} is there already, and is no plan: name another file", param_hint="--save")
    if not file.absolute().parent.is_dir():
        raise click.BadParameter(f"there is no folder {file.parent}", param_hint="--save")


def _saved(file: Path, done: Outcome, programme: Programme, lasts: int) -> None:
    from siyu.plans import save

    save(file, done, programme, lasts)
    click.echo(f"saved in {file}: siyu approve {file} --by NAME", err=True)
