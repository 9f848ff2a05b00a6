"""How outcomes are shown: as tables for people, as plain data for machines."""

from __future__ import annotations

import json
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from siyu.goals import PROGRESS
from siyu.moments import written
from siyu.outcome import DROPPED, MEASURED, TAKEN, TOUCHED, WHO
from siyu.waterfall import by_campaign, waterfall

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.console import Console
    from rich.table import Table

    from siyu.brand import Brand
    from siyu.config.tables import Brand as BrandTable
    from siyu.outcome import Outcome

__all__ = ["gate", "money", "outcome", "plain", "table", "terminal"]

_GATE = "gate: "
_WIDE = 160
_LONG = 12


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Table:
    """Return a table; numbers stand to the right."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    listed = [["" if value is None else _written(value) for value in row] for row in rows]
    shown = Table(title=title, title_justify="left", box=SIMPLE_HEAD, title_style="bold")
    for position, column in enumerate(columns):
        numeric = bool(listed) and all(_numeric(row[position]) for row in listed)
        shown.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in listed:
        shown.add_row(*row)
    return shown


def outcome(brand: Brand, done: Outcome, *, intro: str, campaigns: bool = False) -> None:
    """Print what a pass came to: who is touched, the gate's waterfall, new numbers, counts."""
    console = terminal()
    if done.taken:
        rows = [(*row[:-1], _amount(brand, row[1], row[-1])) for row in done.taken]
        console.print(table("What came in", TAKEN, rows))
    if done.dropped:
        console.print(table("Fields that nothing declares: they were dropped", DROPPED, done.dropped))
    if done.touched:
        console.print(table(intro, [*TOUCHED, "members"], done.touched))
        console.print(gate(done))
        if campaigns:
            console.print(table("The gate, by campaign", *by_campaign(done.gated)))
        zone = brand.programme.brand.zone
        due = WHO.index("due")
        sample = [[*map(str, row[:2]), *row[2:due], written(row[due], zone), *row[due + 1 :]] for row in done.sample]
        console.print(table("The first of them", WHO, sample))
    if done.measured:
        console.print(table("Numbers that are new", MEASURED, _newest(done.measured)))
    if done.goals:
        console.print(table("Goals", PROGRESS, done.goals))
    if not done.counts:
        console.print("nothing new")
        return
    rest = [(name, number) for name, number in done.counts.items() if not name.startswith(_GATE)]
    console.print(table("Counts", ["what", "number"], rest))


def gate(done: Outcome) -> Table:
    """Return what the gate made of what was proposed, as a table."""
    return table("The gate", ["rule", "touches"], waterfall(done.gated))


def _newest(measured: Sequence[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """Yield the last few numbers of each metric, and how many came before them: the rest of the page must be seen."""
    for metric, group in groupby(measured, key=itemgetter(0)):
        rows = list(group)
        if len(rows) > _LONG:
            yield metric, f"{len(rows) - _LONG} more", "", "see --json", None, None
        yield from rows[-_LONG:]


def _amount(brand: Brand, kind: str, amount: int) -> str:
    """Write the sum of a type's amounts; a sum of scores says nothing."""
    return money(amount, brand.programme.brand) if amount and brand.registry.events[kind].money else ""


def terminal() -> Console:
    """Return the terminal, or lines wide enough for the tables where there is none."""
    from rich.console import Console

    console = Console()
    return console if console.is_terminal else Console(width=_WIDE)


def money(minor: int, brand: BrandTable) -> str:
    """Write an amount of the brand's currency, without its name."""
    return f"{minor / 10**brand.exponent:,.{brand.exponent}f}"


def plain(done: Outcome) -> dict[str, Any]:
    """Return what a pass came to, for JSON; ids of touches are text, as they have more digits than some keep."""
    columns, rows = by_campaign(done.gated)
    return {
        "run": done.run,
        "now": done.now,
        "counts": done.counts,
        "taken": [dict(zip(TAKEN, row, strict=True)) for row in done.taken],
        "dropped": [dict(zip(DROPPED, row, strict=True)) for row in done.dropped],
        "touches": [dict(zip([*TOUCHED, "members"], row, strict=True)) for row in done.touched],
        "waterfall": [{"step": step, "touches": number} for step, number in waterfall(done.gated)],
        "by_campaign": [dict(zip(columns, row, strict=True)) for row in rows],
        "sample": [dict(zip(WHO, [str(row[0]), *row[1:]], strict=True)) for row in done.sample],
        "goals": [dict(zip(PROGRESS, row, strict=True)) for row in done.goals],
        "measures": [dict(zip(MEASURED, row, strict=True)) for row in done.measured],
    }


def _numeric(text: str) -> bool:
    return not text or text.replace(",", "").replace(".", "").lstrip("-").isdigit()


def _written(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.4f}".rstrip("0").rstrip(".")
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}" if abs(value) < 10**12 else str(value)
    return json.dumps(value) if isinstance(value, dict) else str(value)
