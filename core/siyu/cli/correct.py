"""``siyu correct``."""

from __future__ import annotations

import click

from siyu.cli.options import moment, parted, with_environment
from siyu.errors import UserError

__all__ = ["correct"]


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("named", nargs=-1, metavar="[FOLDER] MEMBER INCENTIVE UNITS")
@moment
@with_environment
@click.option("--by", required=True, help="Who corrects it; kept in the ledger.")
@click.option("--why", required=True, help="Why; kept in the ledger.")
def correct(named: tuple[str, ...], now: str | None, environment: str | None, by: str, why: str) -> None:
    """Correct what MEMBER has of INCENTIVE by UNITS, as 20 or -20; the next run or tick writes it into the ledger.

    MEMBER is an outside id, as wecom:wm7 or phone:+8613800000000, or a member's number, of a member that the log
    knows. INCENTIVE is one that takes corrections, as points do. A campaign that said something wrong is corrected by
    siyu resend.
    """
    folder, (member, incentive, text) = parted(named, 3, "which member, which incentive and how many units")
    try:
        units = int(text)
    except ValueError:
        raise UserError(f"'{text}' is no number of units, as 20 or -20") from None
    import siyu

    with siyu.open(folder, environment=environment) as brand:
        done = brand.correct(member, incentive, units, by=by, why=why, now=now)
    said = f"{by} corrected {incentive} of {member} by {units}"
    click.echo(said if done.counts["events"] else "it was said before")
