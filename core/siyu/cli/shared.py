"""``siyu shared``."""

from __future__ import annotations

from pathlib import Path

import attrs
import click

from siyu.cli.options import as_json, folder, with_environment, with_json

__all__ = ["shared"]


@click.command()
@folder
@with_environment
@with_json
def shared(folder: Path, environment: str | None, *, machine: bool) -> None:
    """Show the ids that too many share, and the members with two ids of a kind that one person has one of.

    An id that too many share, as a shop's phone, joins nobody: its links are kept, and do not count. How many are too
    many is said in [identity], as is which ids are to join people nevertheless, and what one person has one of.
    """
    import siyu

    with siyu.open(folder, environment=environment) as brand:
        found = brand.sharing()
    if machine:
        as_json(attrs.asdict(found))
        return
    from siyu.cli.show import table, terminal

    console = terminal()
    several = [[one.kind, str(one.member), str(one.shared_by), one.of] for one in found.shared]
    head = ["kind", "id", "linked with", "of"]
    console.print(table("Ids that too many share: their links do not count", head, several))
    double = [[str(one.member), one.kind, ", ".join(map(str, one.ids))] for one in found.conflicts]
    console.print(table("Members with several ids of which one person has one", ["member", "kind", "ids"], double))
