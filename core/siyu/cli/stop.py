"""``siyu stop``."""

from __future__ import annotations

import click

from siyu.cli.options import moment, parted, with_environment

__all__ = ["stop"]


@click.command()
@click.argument("named", nargs=-1, metavar="[FOLDER] CAMPAIGN|CHANNEL|all")
@moment
@with_environment
@click.option("--by", "actor", required=True, help="Who orders it; kept in the log.")
@click.option("--reason", default="", help="Why; kept in the log.")
def stop(named: tuple[str, ...], now: str | None, environment: str | None, actor: str, reason: str) -> None:
    """Stop a campaign, a channel or everything: nothing of it goes out from the next batch on.

    What waits is held; siyu resume lets it go on. What staff were handed and did not send yet is taken back, where the
    channel can, as WeCom's mass messages: that is for good.
    """
    import siyu
    from siyu.controls import named as target

    folder, (name,) = parted(named, 1, "which campaign or channel, or all")
    with siyu.open(folder, environment=environment) as brand:
        brand.control(target(brand.programme, name), "stop", actor=actor, reason=reason, now=now)
    click.echo(f"{name} is stopped by {actor}")
