"""``siyu unmerge``."""

from __future__ import annotations

import click

from siyu.cli.options import moment, parted, with_environment

__all__ = ["unmerge"]


@click.command()
@click.argument("named", nargs=-1, metavar="[FOLDER] A B")
@moment
@with_environment
@click.option("--by", required=True, help="Who says so; kept in the log.")
@click.option("--why", required=True, help="By what it is known; kept in the log.")
def unmerge(named: tuple[str, ...], now: str | None, environment: str | None, by: str, why: str) -> None:
    """Part A and B, which a link made one person.

    Both are outside ids, as wecom:wm7 or phone:+8613800000000, or numbers, as siyu explain shows them with the links
    between them. Events and tags part exactly; touches and grants that were made meanwhile stay where they are.
    """
    folder, (one, other) = parted(named, 2, "which two ids")
    import siyu

    with siyu.open(folder, environment=environment) as brand:
        brand.unmerge(one, other, by=by, why=why, now=now)
    click.echo(f"{one} and {other} are two members again")
