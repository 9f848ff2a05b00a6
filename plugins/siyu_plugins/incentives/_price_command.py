"""``siyu prices``: what a member pays."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click
import narwhals as nw

from siyu.config.units import Money
from siyu.frames import row_number
from siyu_plugins.incentives.exclusive import Exclusive

if TYPE_CHECKING:
    from siyu import Brand

__all__ = ["prices", "prices_of"]

_COLUMNS = ("sku", "price", "was", "each", "incentive")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=".")
@click.option("--member", required=True, help="An outside id, as wecom:wm7.")
@click.option("--now", help="Tell it for this moment instead of now.")
@click.option("--env", "environment", help="Override with env/NAME.toml.", metavar="NAME")
@click.option("--json", "machine", is_flag=True, help="Print JSON, for machines.")
def prices(folder: Path, member: str, now: str | None, environment: str | None, *, machine: bool) -> None:
    """Show the exclusive prices that a member has, by the tags and features of the last run."""
    import siyu

    with siyu.open(folder, environment=environment) as brand:
        found, exponent = prices_of(brand, member, now=now), brand.programme.brand.exponent
    if machine:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    for one in found:
        most = "" if one["each"] is None else f", {one['each']} at most"
        price, was = (Money(int(str(one[key])), exponent) for key in ("price", "was"))
        click.echo(f"{one['sku']}: {price} instead of {was}{most} ({one['incentive']})")
    if not found:
        click.echo("the member has no exclusive price")


def prices_of(brand: Brand, member: str | int, *, now: int | str | None = None) -> list[dict[str, object]]:
    """Return the exclusive prices of a member, the lowest for each sku.

    Each is sku, price, was (minor units), each (how many units they may have; None for any number), incentive.

    Raises:
        UserError: The member is no id.
    """
    offers = [one for one in brand.programme.components["incentive"] if isinstance(one, Exclusive)]
    if not offers:
        return []
    with brand.viewing(now) as view:
        raw = view.table({"member": [brand.number(member)]}, {"member": nw.Int64()})
        every = nw.concat([one.prices(view) for one in offers]).join(view.resolve(raw), on="member", how="semi")
        lowest = row_number(every, ["sku"], ["price", "incentive"], "nth").filter(nw.col("nth") == 1)
        shown = lowest.sort("sku").select(*_COLUMNS)
        rows = view.rows(shown)  # portable: a command shows the prices of one member
    return [dict(zip(_COLUMNS, row, strict=True)) for row in rows]
