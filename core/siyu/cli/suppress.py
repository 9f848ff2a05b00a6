"""``siyu suppress``."""

from __future__ import annotations

from pathlib import Path

import click

from siyu.cli.options import moment, parted, with_environment
from siyu.errors import UserError

__all__ = ["suppress"]


@click.command()
@click.argument("named", nargs=-1, metavar="[FOLDER] FILE|ID")
@moment
@with_environment
@click.option("--by", required=True, help="Who does it; kept in the log.")
@click.option("--reason", required=True, help="Why; kept in the log.")
@click.option("--lift", is_flag=True, help="Take them off the list, as of somebody who came back and asked for it.")
def suppress(
    named: tuple[str, ...], now: str | None, environment: str | None, by: str, reason: str, *, lift: bool
) -> None:
    """Put an outside id, or all ids of a FILE (one a line), on the list of those that are never touched.

    Only keyed hashes of them are kept. The list outlives an erasure.
    """
    folder, (given,) = parted(named, 1, "which id, or which file of ids")
    ids = _ids(given)
    import siyu

    with siyu.open(folder, environment=environment) as brand:
        done = brand.suppress(ids, by=by, reason=reason, lift=lift, now=now)
    where = "taken off the suppression list" if lift else "put on the suppression list"
    click.echo(f"{done} of {len(ids)} {where}" + ("" if done == len(ids) else "; the others were known so"))


def _ids(given: str) -> list[str]:
    """Return the ids of a file, or the id itself; a line that begins with ``#`` is none."""
    path = Path(given)
    if not path.is_file():
        if ":" not in given and not given.isdigit():
            raise UserError(f"'{given}' is no file, and no id, which is written as phone:+8613800000000 or wecom:wm7")
        return [given]
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{given}: cannot be read as UTF-8 text, one id a line: {error}") from None
    found = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if not found:
        raise UserError(f"{given}: has no id; write one a line, as phone:+8613800000000")
    return found
