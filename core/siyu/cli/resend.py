"""``siyu resend``."""

from __future__ import annotations

import click

from siyu.cli.options import moment, parted, with_environment

__all__ = ["resend"]


@click.command()
@click.argument("named", nargs=-1, metavar="[FOLDER] CAMPAIGN")
@moment
@with_environment
@click.option("--by", "actor", required=True, help="Who orders it; kept in the log.")
@click.option("--reason", default="", help="Why; kept in the log.")
def resend(named: tuple[str, ...], now: str | None, environment: str | None, actor: str, reason: str) -> None:
    """Correct CAMPAIGN: send it again to exactly those whom it has reached, or may have.

    Mend its words first, and stop it until then. The next run makes a new edition of it, the correction, for whom it
    was sent to, handed over for, or may have reached without an answer; all gates are asked again. What members have
    of an incentive is corrected by siyu correct.
    """
    import siyu
    from siyu.controls import named as target

    folder, (name,) = parted(named, 1, "which campaign")
    with siyu.open(folder, environment=environment) as brand:
        brand.control(target(brand.programme, name), "resend", actor=actor, reason=reason, now=now)
    click.echo(f"{name} is sent again by order of {actor}: the next run makes a new edition")
