"""``siyu codes``."""

from __future__ import annotations

from pathlib import Path

import attrs
import click

from siyu.cli.options import as_json, folder, moment, with_environment, with_json

__all__ = ["codes"]


@click.command()
@folder
@click.option("--make", is_flag=True, help="Have the platform make those that are not there, and change the others.")
@moment
@with_environment
@with_json
def codes(folder: Path, now: str | None, environment: str | None, *, make: bool, machine: bool) -> None:
    """Show the channel codes of the config, and how many joined by each.

    A code is of a campaign, a place and staff. Its name is what the platform tells of everyone who joins by it, and
    what costs name as `code`. A code is made once, however often this is said.
    """
    import siyu

    with siyu.open(folder, environment=environment) as brand:
        found = brand.codes(make=make, now=now)
    if machine:
        as_json([attrs.asdict(one) for one in found])
        return
    from siyu.cli.show import table, terminal

    columns = ["code", "campaign", "place", "staff", "joined", "picture"]
    rows = [
        (one.name, one.campaign, one.place, ", ".join(one.staff), str(one.joined), one.link or "not made yet")
        for one in found
    ]
    terminal().print(table("Channel codes", columns, rows) if rows else "the config has no channel codes")
