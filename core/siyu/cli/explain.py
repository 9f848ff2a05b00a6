"""``siyu explain``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import click

from siyu.cli.options import as_json, moment, parted, with_by, with_environment, with_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siyu.config.tables import Brand
    from siyu.events import EventType
    from siyu.explain import Section

__all__ = ["explain"]

_MOMENTS = {"time", "due", "changed", "since", "nominal", "decided", "available", "expires"}


@click.command()
@click.argument("named", nargs=-1, metavar="[FOLDER] MEMBER")
@moment
@with_environment
@with_by
@with_json
def explain(named: tuple[str, ...], now: str | None, environment: str | None, by: str, *, machine: bool) -> None:
    """Show what is known of MEMBER, what was decided, and why.

    MEMBER is an outside id, as wecom:wm7 or phone:+8613800000000, or a member's number.
    """
    folder, (member,) = parted(named, 1, "which member")
    import siyu
    from siyu.loop import STAGES

    with siyu.open(folder, environment=environment) as brand:
        found = brand.explain(member, now=now, by=by)
        programme, events = brand.programme, brand.registry.events
    if machine:
        as_json(attrs.asdict(found))
        return
    from siyu.cli.show import table, terminal

    console = terminal()
    console.print(f"member {found.member}" + (f", joined of {found.ids}" if len(found.ids) > 1 else ""))
    console.print("stages: " + " → ".join([*(stage.name for stage in STAGES), "settle", "record", "deliver"]))
    for section in found.sections:
        console.print(table(section.stage, section.columns, _written(section, programme.brand, events)))


def _written(section: Section, brand: Brand, events: Mapping[str, EventType]) -> list[list[Any]]:
    """Write moments, money and other numbers for people."""
    from siyu.cli.show import money

    rows = _dated(section, brand.zone)
    if section.stage == "events":
        kind, amount = section.columns.index("type"), section.columns.index("amount")
        for row in rows:
            if row[amount] is not None and events[row[kind]].money:
                row[amount] = money(row[amount], brand)
    return [[str(value) if isinstance(value, int) else value for value in row] for row in rows]


def _dated(section: Section, zone: str) -> list[list[Any]]:
    """Write moments for people."""
    from siyu.moments import written

    dated = [column in _MOMENTS for column in section.columns]
    return [
        [
            written(value, zone) if moment and value is not None else value
            for value, moment in zip(row, dated, strict=True)
        ]
        for row in section.rows
    ]
