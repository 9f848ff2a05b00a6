"""``siyu approve``."""

from __future__ import annotations

import click

from siyu.cli.options import moment, parted, with_environment

__all__ = ["approve"]


@click.command()
@click.argument("named", nargs=-1, metavar="[FOLDER] PLAN")
@moment
@with_environment
@click.option("--by", "actor", required=True, help="Who approves it; kept in the log.")
def approve(named: tuple[str, ...], now: str | None, environment: str | None, actor: str) -> None:
    """Approve PLAN, a file of siyu plan --save: runs send what needs an approval, as far as the plan goes.

    It holds for the config that the plan was made by, until the plan's deadline, and up to its touches, cost and
    grants. A changed config, or a newer approval, voids it.
    """
    import siyu
    from siyu.kinds import Campaign
    from siyu.moments import written
    from siyu.plans import read

    folder, (file,) = parted(named, 1, "which plan")
    with siyu.open(folder, environment=environment) as brand:
        approval = read(file, brand.programme)
        brand.control("plan", "approve", actor=actor, reason=str(approval), now=now)
        until = written(approval.until, brand.programme.brand.zone)
    click.echo(f"approved by {actor}: {approval.touches} touches until {until}")
    if not any(campaign.approval for campaign in brand.programme.of(Campaign)):
        click.echo("no campaign asks for an approval (approval = true), so it lets nothing more through", err=True)
