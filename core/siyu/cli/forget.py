"""``siyu forget``."""

from __future__ import annotations

import attrs
import click

from siyu.cli.options import as_json, moment, parted, with_environment, with_json

__all__ = ["forget"]


@click.command()
@click.argument("named", nargs=-1, metavar="[FOLDER] MEMBER")
@moment
@with_environment
@click.option("--by", required=True, help="Who erases; kept in the log.")
@click.option("--reason", default="", help="Why, as the request's number; kept in the log.")
@click.option("--yes", is_flag=True, help="Do not ask whether it is meant.")
@with_json
def forget(
    named: tuple[str, ...],
    now: str | None,
    environment: str | None,
    by: str,
    reason: str,
    *,
    yes: bool,
    machine: bool,
) -> None:
    """Erase all that is known of MEMBER, for good; keep ledgers under a number that leads to nobody.

    MEMBER is an outside id, as wecom:wm7 or phone:+8613800000000, or a member's number; an outside id is replaced as
    well where facts of others name it. The ids stay on the suppression list as keyed hashes, so that the same rows
    that come again stay out, and nobody is touched.
    """
    folder, (member,) = parted(named, 1, "which member")
    if not yes:
        click.confirm(f"Erase all that is known of {member}? It cannot be undone", abort=True, err=True)
    import siyu

    with siyu.open(folder, environment=environment) as brand:
        done = brand.forget(member, by=by, reason=reason, now=now)
    if machine:
        as_json(attrs.asdict(done))
        return
    told = ", ".join(f"{name} {count}" for name, count in sorted(done.counts.items()) if count)
    click.echo(f"{member} is forgotten ({told}); what must be kept goes by {done.pseudonym}")
    if not done.rewritten:
        click.echo("the store's file is in use: it is written anew, without them, when it is opened next")
    for one in done.left:
        click.echo(one, err=True)
