"""``siyu untag``."""

from __future__ import annotations

import click

from siyu.cli.options import moment, parted, with_environment

__all__ = ["untag"]


@click.command()
@click.argument("named", nargs=-1, metavar="[FOLDER] MEMBER TAG")
@moment
@with_environment
@click.option("--by", required=True, help="Who takes it; kept in the log.")
@click.option("--note", default="", help="Why; kept in the log.")
def untag(named: tuple[str, ...], now: str | None, environment: str | None, by: str, note: str) -> None:
    """Take the tag TAG from MEMBER by hand, whoever gave it; the next run or tick goes by it."""
    folder, (member, name) = parted(named, 2, "which member and which tag")
    import siyu

    with siyu.open(folder, environment=environment) as brand:
        done = brand.untag(member, name, by=by, note=note, now=now)
    click.echo(f"{by} took the tag {name} from {member}" if done.counts["events"] else "it was said before")
