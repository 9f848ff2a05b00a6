"""``siyu tag``."""

from __future__ import annotations

import click

from siyu.cli.options import moment, parted, with_environment

__all__ = ["tag"]


@click.command()
@click.argument("named", nargs=-1, metavar="[FOLDER] MEMBER TAG")
@moment
@with_environment
@click.option("--by", required=True, help="Who gives it; kept in the log.")
@click.option("--value", help="The tag's value.")
@click.option("--until", help="The last day on which it holds, or the moment when it ends.", metavar="DATE")
@click.option("--note", default="", help="Why; kept in the log.")
def tag(
    named: tuple[str, ...],
    now: str | None,
    environment: str | None,
    by: str,
    value: str | None,
    until: str | None,
    note: str,
) -> None:
    """Give MEMBER the tag TAG by hand; the next run or tick goes by it.

    MEMBER is an outside id, as wecom:wm7 or phone:+8613800000000, or a member's number, of a member that the log
    knows. TAG is one of those that a tagger of the config lets people give, as the tagger `manual` does.
    """
    folder, (member, name) = parted(named, 2, "which member and which tag")
    import siyu

    with siyu.open(folder, environment=environment) as brand:
        done = brand.tag(member, name, by=by, value=value, until=until, note=note, now=now)
    click.echo(f"{member} has the tag {name} by {by}" if done.counts["events"] else "it was said before")
