"""``siyu export``."""

from __future__ import annotations

import attrs
import click

from siyu.cli.options import as_json, moment, parted, with_by, with_environment

__all__ = ["export"]


@click.command()
@click.argument("named", nargs=-1, metavar="[FOLDER] MEMBER")
@moment
@with_environment
@with_by
@click.option("--reason", default="", help="Why, as the request's number; kept in the log.")
def export(named: tuple[str, ...], now: str | None, environment: str | None, by: str, reason: str) -> None:
    """Print all that is known of MEMBER as JSON: every table, explained, addresses in clear text.

    MEMBER is an outside id, as wecom:wm7 or phone:+8613800000000, or a member's number.
    """
    folder, (member,) = parted(named, 1, "which member")
    import siyu

    with siyu.open(folder, environment=environment) as brand:
        as_json(attrs.asdict(brand.export(member, by=by, reason=reason, now=now)))
