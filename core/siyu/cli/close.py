"""``siyu close``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import click

from siyu.cli.options import as_json, moment, parted, with_environment, with_json

if TYPE_CHECKING:
    from siyu.config.tables import Brand
    from siyu.ledgers import Closing

__all__ = ["close"]

_PLAIN = (
    "incentive", "place", "opening", "earned", "opened", "granted", "redeemed", "expired", "reversed", "corrected",
    "transferred", "moved", "closing", "late",
)  # fmt: skip
_MONEY = ("value", "breakage")


@click.command()
@click.argument("named", nargs=-1, metavar="[FOLDER] MONTH")
@moment
@with_environment
@with_json
def close(named: tuple[str, ...], now: str | None, environment: str | None, *, machine: bool) -> None:
    """Close MONTH, as 2026-11, of all ledgers, and show its statement by incentive and place.

    A closed month is stored, and never changes: lines that come later and belong to it count in the month that is
    closed next, as `late`. Months are closed in order, each after a run that looked at all of it. Of a month that is
    closed, the stored statement is shown.

    `opening` and the columns after it sum up to `closing`. `moved` is what members took with them to another place.
    `value` is what the closing balance costs by the incentive's `worth`, `breakage` what expired would have cost.
    """
    folder, (month,) = parted(named, 1, "which month")
    import siyu

    with siyu.open(folder, environment=environment) as brand:
        done = brand.close_month(month, now=now)
        config = brand.programme.brand
    if machine:
        as_json(attrs.asdict(done))
    else:
        _print(done, config)


def _print(done: Closing, config: Brand) -> None:
    from siyu.cli.show import money, table, terminal

    rows = [
        [row[name] for name in _PLAIN]
        + [None if row[name] is None else money(int(str(row[name])), config) for name in _MONEY]
        for row in done.rows
    ]
    title = f"{done.month}, closed now" if done.new else f"{done.month}, as it was closed"
    terminal().print(table(title, [*_PLAIN, *_MONEY], rows))
