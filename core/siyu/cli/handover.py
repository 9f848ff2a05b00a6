"""``siyu handover``."""

from __future__ import annotations

import attrs
import click

from siyu.cli.options import as_json, moment, parted, with_environment, with_json

__all__ = ["handover"]


@click.command()
@click.argument("named", nargs=-1, metavar="[FOLDER] FROM TO")
@click.option("--member", "members", multiple=True, metavar="ID", help="Hand this member over, as wecom:wm7.")
@click.option("--all", "everybody", is_flag=True, help="Hand all contacts of FROM over that the platform knows.")
@click.option("--resigned", is_flag=True, help="FROM has left the company.")
@click.option("--dry-run", "dry", is_flag=True, help="Show whom it would ask for; ask for nothing, record nothing.")
@moment
@with_environment
@with_json
def handover(  # noqa: PLR0913 - one argument for each option
    named: tuple[str, ...],
    members: tuple[str, ...],
    now: str | None,
    environment: str | None,
    *,
    everybody: bool,
    resigned: bool,
    dry: bool,
    machine: bool,
) -> None:
    """Hand members from the staff member FROM to the staff member TO, by the platform's own way.

    The platform takes a day for it, and members may refuse: say it again without --all and --member to see, and to
    record, what came of it. What is done is an event `transferred`, and no joining; touches that wait are then sent by
    TO.
    """
    folder, (former, new) = parted(named, 2, "from whom and to whom")
    if members and everybody:
        raise click.UsageError("say --all, or name members by --member")
    import siyu

    with siyu.open(folder, environment=environment) as brand:
        given = {"members": members, "everybody": everybody, "resigned": resigned, "dry": dry}
        found = brand.handover(former, new, now=now, **given)  # type: ignore[arg-type]
    if machine:
        as_json([attrs.asdict(one) for one in found])
        return
    from siyu.cli.show import table, terminal

    console = terminal()
    rows = [(one.identity, one.state, one.reason) for one in found]
    title = f"From {former} to {new}"
    console.print(table(title, ["member", "state", "why"], rows) if rows else "nothing was asked for between the two")
