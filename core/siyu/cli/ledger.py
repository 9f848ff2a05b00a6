"""``siyu ledger``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import attrs
import click

from siyu.cli.options import as_json, moment, parted, with_by, with_environment, with_json
from siyu.moments import written

if TYPE_CHECKING:
    from siyu.ledger.findings import Audit
    from siyu.ledger.statement import Statement

__all__ = ["ledger"]

_LINES = ["time", "incentive", "item", "member", "line", "amount", "balance", "of the item", "why"]
_BALANCES = ["incentive", "item", "balance", "usable", "pending", "expires next", "when"]
_FOUND = ["check", "incentive", "member", "line", "stored", "expected", "what is wrong"]


@click.command()
@click.argument("named", nargs=-1, metavar="[FOLDER] MEMBER|INCENTIVE")
@click.option("--incentive", default="", help="Only a member's lines of this incentive.", metavar="NAME")
@click.option("--item", default="", help="Only the lines of this item.", metavar="NAME")
@click.option("--from", "since", help="Show lines from this moment on.", metavar="DATE")
@click.option("--until", help="Show lines until this day, or before this moment.", metavar="DATE")
@click.option(
    "--most", type=click.IntRange(min=1), default=1000, show_default=True, help="Show so many lines, the last."
)
@click.option(
    "--audit", is_flag=True, help="Recompute every ledger from the events; end with status 1 where it differs."
)
@moment
@with_environment
@with_by
@with_json
def ledger(  # noqa: PLR0913 - one argument for each option
    named: tuple[str, ...],
    *,
    incentive: str,
    item: str,
    since: str | None,
    until: str | None,
    most: int,
    now: str | None,
    environment: str | None,
    by: str,
    audit: bool,
    machine: bool,
) -> None:
    """Show the lines of MEMBER or INCENTIVE, each with the balance after it and its cause in words.

    MEMBER is an outside id, as wecom:wm7 or phone:+8613800000000, or a member's number. With --audit, nobody is named:
    facts are settled anew by each incentive's own rules, claims are decided anew in the order of the log, and sums,
    stock and closed months are looked at.
    """
    import siyu

    if audit:
        folder, _ = parted(named, 0, "no member and no incentive with --audit")
        with siyu.open(folder, environment=environment) as brand:
            done = brand.audit(now=now)
        _audited(done, machine=machine)
        return
    folder, (of,) = parted(named, 1, "whose ledger: a member or an incentive")
    with siyu.open(folder, environment=environment) as brand:
        found = brand.ledger(of, incentive=incentive, item=item, since=since, until=until, most=most, now=now, by=by)
        zone = brand.programme.brand.zone
    if machine:
        as_json(attrs.asdict(found))
    else:
        _stated(found, of, zone)


def _stated(found: Statement, of: str, zone: str) -> None:
    from rich.markup import escape

    from siyu.cli.show import table, terminal

    console = terminal()
    if not found.balances:
        console.print(f"there is no line of {of} yet")
        return
    rows = [
        (
            written(one.time, zone), one.incentive, one.item, str(one.member), one.kind, one.amount, one.balance,
            one.item_balance, escape(one.cause),
        )
        for one in found.entries
    ]  # fmt: skip
    left = f"; {found.left_out} earlier ones are in the balances" if found.left_out else ""
    console.print(table(f"The ledger of {of}{left}", _LINES, rows))
    held = [
        (
            one.incentive, one.item, one.balance, one.usable, one.pending, one.expiring or None,
            None if one.expires is None else written(one.expires, zone),
        )
        for one in found.balances
    ]  # fmt: skip
    console.print(table(f"What there is on {written(found.now, zone)}", _BALANCES, held))


def _audited(done: Audit, *, machine: bool) -> None:
    if machine:
        as_json(attrs.asdict(done))
    else:
        from rich.markup import escape

        from siyu.cli.show import table, terminal

        console = terminal()
        console.print(table("What was compared", ["what", "number"], list(done.checked.items())))
        if done.notes:
            console.print(table("Lines that could not be compared", ["why", "number"], list(done.notes.items())))
        rows = [
            (one.check, one.incentive, one.member and str(one.member), one.what, one.stored, one.expected, one.words)
            for one in done.findings
        ]
        shown = [tuple(escape(cell) if isinstance(cell, str) else cell for cell in row) for row in rows]
        title = f"Where ledgers differ: {done.differing}"
        console.print(table(title, _FOUND, shown) if rows else "every ledger is what the log says")
    if done.differing:
        sys.exit(1)
