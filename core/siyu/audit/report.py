"""The audit of some files: each for itself, and how the identities in them match."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING

import narwhals as nw
from attrs import frozen

from siyu.audit.columns import Column, column
from siyu.audit.identities import Identities, identities
from siyu.audit.reading import reading
from siyu.audit.roles import IDENTITIES

if TYPE_CHECKING:
    from siyu.audit.reading import Reader, Rows
    from siyu.kinds import Frame

__all__ = ["Audit", "File", "Match", "audited", "chosen"]


@frozen(kw_only=True)
class File:
    """What one file holds.

    Attributes:
        path: The file.
        rows: How many rows it has.
        unread: How many lines cannot be read.
        duplicates: How many rows are the same as an earlier one, in all columns.
        repeated: How many rows have the order's id of an earlier one: the lines of an order, or repeats.
        since: The earliest moment of its time column; empty where it has none.
        until: The latest.
        consent: In how many rows a consent or a refusal is stated; None where no column is about it.
        identities: How many different identities it names, by kind.
        columns: Its columns.
    """

    path: str
    rows: int
    unread: int
    duplicates: int
    repeated: int
    since: str
    until: str
    consent: int | None
    identities: dict[str, int]
    columns: Sequence[Column]


@frozen(kw_only=True)
class Match:
    """How the identities of one file are found in another.

    Attributes:
        kind: The kind of identity.
        of: The file whose identities are looked for.
        among: The file that they are looked for in.
        identities: How many different ones there are.
        found: How many of them are found as they are written.
        alike: How many are, once phone numbers and addresses are written alike, as siyu does when they come in.
        consented: How many have a consent or refusal stated there; None where that file states none.
    """

    kind: str
    of: str
    among: str
    identities: int
    found: int
    alike: int
    consented: int | None


@frozen
class Audit:
    """What files hold, and how they match."""

    files: Sequence[File]
    matches: Sequence[Match]


def audited(paths: Sequence[Path]) -> Audit:
    """Look at files.

    Args:
        paths: CSV, JSON Lines or Parquet files.

    Raises:
        UserError: A file is missing or cannot be read.
    """
    with reading() as reader:
        opened = {str(path): reader.open(path) for path in paths}
        files = [_file(reader, path, given) for path, given in opened.items()]
        known = {file.path: _known(reader, file, opened[file.path].rows) for file in files}
        return Audit(files, list(_matches(reader, known)))


def chosen(columns: Sequence[Column], role: str) -> Column | None:
    """Return the column that fits a role best, of those that fit no other role better; None where there is none."""
    fitting = [each for each in columns if each.role == role]
    return min(fitting, key=lambda each: (each.roles[role], -each.filled), default=None)


def _file(reader: Reader, path: str, given: Rows) -> File:
    columns = [column(reader, given.rows, name) for name in given.columns]
    number = reader.rows(given.rows.select(nw.len()))[0][0]
    unique = reader.rows(given.rows.select(given.columns).unique().select(nw.len()))[0][0]
    order, time = chosen(columns, "order"), chosen(columns, "time")
    stated = [each.filled for each in columns if each.role in ("consent", "refusal")]
    return File(
        path=path,
        rows=number,
        unread=given.unread,
        duplicates=number - unique,
        repeated=order.filled - order.distinct if order else 0,
        since=time.least if time else "",
        until=time.most if time else "",
        consent=max(stated, default=None),
        identities={
            kind: found.distinct for kind in IDENTITIES if (found := chosen(columns, kind)) and found.role == kind
        },
        columns=columns,
    )


def _known(reader: Reader, file: File, rows: Frame) -> dict[str, Identities]:
    stated = chosen(file.columns, "consent") or chosen(file.columns, "refusal")
    found = {kind: chosen(file.columns, kind) for kind in file.identities}
    return {
        kind: identities(reader, rows, kind, each.name, stated.name if stated else "")
        for kind, each in found.items()
        if each
    }


def _matches(reader: Reader, known: dict[str, dict[str, Identities]]) -> list[Match]:
    return [
        Match(
            kind=kind,
            of=one,
            among=other,
            identities=known[one][kind].number,
            found=known[one][kind].shared(reader, known[other][kind]),
            alike=known[one][kind].shared(reader, known[other][kind], alike=True),
            consented=known[one][kind].consented(reader, known[other][kind]),
        )
        for one, other in permutations(known, 2)
        for kind in known[one]
        if kind in known[other]
    ]
