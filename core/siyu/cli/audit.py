"""``siyu audit``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import click

from siyu.cli.options import as_json, with_json

if TYPE_CHECKING:
    from siyu.audit import Audit
    from siyu.audit.report import File

__all__ = ["audit"]

_COLUMNS = ["column", "likely", "type", "filled", "different", "odd", "from", "to", "values"]
_MATCHES = ["identities", "of", "in", "how many", "found", "rate", "alike", "with consent stated"]


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@with_json
def audit(files: tuple[Path, ...], *, machine: bool) -> None:
    """Tell what FILES hold, before any of it comes in: CSV, JSON Lines or Parquet.

    Rows, repeats, time spans, columns, consents, and how many identities of one file are found in the others. No
    value of a person is shown.
    """
    from siyu.audit import audited

    found = audited(files)
    if machine:
        as_json(attrs.asdict(found))
    else:
        _print(found)


def _print(found: Audit) -> None:
    from rich.markup import escape

    from siyu.cli.show import table, terminal

    console = terminal()
    for file in found.files:
        click.echo("; ".join(_facts(file)) + ".")
        rows = [[escape(str(cell)) for cell in row] for row in _rows(file)]
        console.print(table(escape(file.path), _COLUMNS, rows))
    matches = [
        (
            match.kind,
            escape(match.of),
            escape(match.among),
            match.identities,
            match.found,
            _share(match.found, match.identities),
            match.alike,
            "" if match.consented is None else _share(match.consented, match.identities),
        )
        for match in found.matches
    ]
    if matches:
        console.print(table("How the identities match", _MATCHES, matches))
    elif len(found.files) > 1:
        click.echo("No kind of identity is in more than one file, so nothing can be matched.")


def _facts(file: File) -> list[str]:
    facts = [f"{file.path}: {file.rows:,} rows"]
    facts += [f"{file.unread:,} lines that cannot be read"] if file.unread else []
    facts += [f"{file.duplicates:,} the same as an earlier one"]
    facts += [f"{file.repeated:,} with the order of an earlier one"] if file.repeated else []
    facts += [f"from {file.since} to {file.until}"] if file.since else ["no column says when"]
    facts += [f"{number:,} different {kind}" for kind, number in file.identities.items()]
    if file.consent is None:
        return [*facts, "no column states consent"]
    return [*facts, f"consent stated in {_share(file.consent, file.rows)}"]


def _rows(file: File) -> list[tuple[Any, ...]]:
    return [
        (
            each.name,
            each.role,
            each.type,
            _share(each.filled, file.rows),
            f"{each.distinct:,}",
            f"{each.odd:,}",
            each.least,
            each.most,
            ", ".join(f"{value or 'nothing'}: {number:,}" for value, number in each.values.items()),
        )
        for each in file.columns
    ]


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else ""
