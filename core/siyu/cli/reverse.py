"""``siyu reverse``."""

from __future__ import annotations

from pathlib import Path

import attrs
import click

from siyu.cli.options import as_json, folder, moment, with_environment, with_json

__all__ = ["reverse"]

_COLUMNS = ["incentive", "item", "lines", "members", "given", "taken", "kept", "debt", "returned"]


@click.command()
@folder
@click.option("--campaign", default="", help="Undo what the incentives that are 'during' it gave.", metavar="NAME")
@click.option("--incentive", default="", help="Undo what this incentive gave.", metavar="NAME")
@click.option("--item", default="", help="Only what was given of this item.", metavar="NAME")
@click.option("--from", "since", help="Only lines from this moment on.", metavar="DATE")
@click.option("--until", help="Only lines until this day, or before this moment.", metavar="DATE")
@click.option("--debt", is_flag=True, help="Take what is spent or expired too, so that members owe it.")
@click.option("--by", required=True, help="Who reverses it; kept in the log.")
@click.option("--reason", required=True, help="Why; kept in the log, and told on each line.")
@click.option("--plan", is_flag=True, help="Show what it would do, and do nothing.")
@moment
@with_environment
@with_json
def reverse(  # noqa: PLR0913 - one argument for each option
    folder: Path,
    *,
    campaign: str,
    incentive: str,
    item: str,
    since: str | None,
    until: str | None,
    by: str,
    reason: str,
    now: str | None,
    environment: str | None,
    debt: bool,
    plan: bool,
    machine: bool,
) -> None:
    """Undo what a wrong campaign or incentive gave, line by line, and each line once.

    What it gave by other ledgers is undone with it, and what claims paid goes back. What members have spent, handed on
    or let expire stays with them (`kept`), unless --debt says that they owe it. What refunds took back is not taken
    twice. Balances that came over and corrections stay. The incentive goes on by its config: change that first.
    """
    import siyu

    chosen = {"campaign": campaign, "incentive": incentive, "item": item, "since": since, "until": until}
    with siyu.open(folder, environment=environment) as brand:
        done = brand.reverse(by=by, reason=reason, debt=debt, plan=plan, now=now, **chosen)  # type: ignore[arg-type] # by name
    if machine:
        as_json([attrs.asdict(one) for one in done])
        return
    from siyu.cli.show import table, terminal

    title = "What would be reversed" if plan else f"Reversed by {by}"
    terminal().print(table(title, _COLUMNS, [attrs.astuple(one) for one in done]) if done else "nothing to reverse")
