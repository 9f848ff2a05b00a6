"""``siyu release``."""

from __future__ import annotations

from pathlib import Path

import click

from siyu.cli.options import folder, moment, with_environment

__all__ = ["release"]


@click.command()
@folder
@moment
@with_environment
@click.option("--by", "actor", required=True, help="Who releases it; kept in the log.")
@click.option("--reason", default="", help="Why; kept in the log.")
def release(folder: Path, now: str | None, environment: str | None, actor: str, reason: str) -> None:
    """Let today's touches pass that the brake holds; the next run sends them."""
    import siyu
    from siyu.gate.brake import ACTION, TARGET

    with siyu.open(folder, environment=environment) as brand:
        brand.control(TARGET, ACTION, actor=actor, reason=reason, now=now)
    click.echo(f"released by {actor}: the next run of today sends what the brake holds")
