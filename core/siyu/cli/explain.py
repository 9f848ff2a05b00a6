"""``siyu explain``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import click

from siyu.cli.options import as_json, moment, parted, with_by, with_environment, with_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from siyu.config.tables import Brand
    from siyu.events import EventType
    from siyu.explain import Section

__all__ = ["explain"]

_FOR = "Whom a message is explained to: in full, or in plain words to be read out."
_MOMENTS = {"time", "due", "changed", "since", "nominal", "decided", "available", "expires"}


@click.command()
@click.argument("named", nargs=-1, metavar="[FOLDER] [MEMBER]")
@click.option("--touch", metavar="ID", help="Explain one message instead, by the id that MEMBER's touches have.")
@click.option("--for", "audience", type=click.Choice(["colleague", "customer"]), default="colleague", help=_FOR)
@click.option("--language", type=click.Choice(["en", "zh"]), help="Of the words to the customer; theirs by default.")
@moment
@with_environment
@with_by
@with_json
def explain(  # noqa: PLR0913 - each is a word of the command
    named: tuple[str, ...],
    touch: str | None,
    audience: str,
    language: str | None,
    now: str | None,
    environment: str | None,
    by: str,
    *,
    machine: bool,
) -> None:
    """Show what is known of MEMBER, what was decided, and why; or with --touch why a message came, or did not.

    MEMBER is an outside id, as wecom:wm7 or phone:+8613800000000, or a member's number. A message is explained by the
    log and the config as they were when it was decided; its id stands among the touches of its member, in plans, and
    with every receipt.
    """
    if touch is None and (audience != "colleague" or language):
        raise click.UsageError("--for and --language are of one message: name it with --touch ID")
    if touch is not None:
        folder, _ = parted(named, 0, "no member beside --touch")
        _touch(folder, touch, audience, language, now, environment, by, machine=machine)
        return
    folder, (member,) = parted(named, 1, "which member, or --touch ID")
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


def _touch(  # noqa: PLR0913 - as the command has them
    folder: Path,
    touch: str,
    audience: str,
    language: str | None,
    now: str | None,
    environment: str | None,
    by: str,
    *,
    machine: bool,
) -> None:
    import siyu

    with siyu.open(folder, environment=environment) as brand:
        found = brand.explain_touch(touch, language=language or "", now=now, by=by)
    if machine and audience == "customer":
        as_json({"touch": found.touch, "erased": found.erased, "customer": found.customer})
    elif machine:
        as_json(attrs.asdict(found))
    elif audience == "customer":
        click.echo("\n".join(found.customer))
    else:
        from siyu.cli.show import table, terminal

        console = terminal()
        for section in found.sections:
            console.print(table(section.stage, section.columns, section.rows))


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
