"""``siyu resume``."""

from __future__ import annotations

import click

from siyu.cli.options import moment, parted, with_environment

__all__ = ["resume"]


@click.command()
@click.argument("named", nargs=-1, metavar="[FOLDER] CAMPAIGN|CHANNEL|all")
@moment
@with_environment
@click.option("--by", "actor", required=True, help="Who orders it; kept in the log.")
@click.option("--reason", default="", help="Why; kept in the log.")
def resume(named: tuple[str, ...], now: str | None, environment: str | None, actor: str, reason: str) -> None:
    """Let what was stopped go on; the next run sends what waited, if it is still in time."""
    import siyu
    from siyu.controls import named as target

    folder, (name,) = parted(named, 1, "which campaign or channel, or all")
    with siyu.open(folder, environment=environment) as brand:
        brand.control(target(brand.programme, name), "resume", actor=actor, reason=reason, now=now)
    click.echo(f"{name} goes on by order of {actor}")
