"""CSV by the engine's own parser, for files whose records are lines; the lines that it refuses are read one by one."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import duckdb
from attrs import frozen

from siyu.stores.lines import opened
from siyu.stores.names import identifier, literal

if TYPE_CHECKING:
    from pathlib import Path

    from siyu.kinds import Frame
    from siyu.stores.engine import DuckEngine

__all__ = ["Census", "Parsed", "census", "parsed"]

_CHUNK = 2**24
_LONGEST = 16 * 2**20
_ENDS = b"\r\n"
_NUMBERS = count()


@frozen
class Parsed:
    """What the parser made of a file.

    Attributes:
        rows: The columns as text, null where empty, and ``line``.
        refused: The lines that it refused, in their order: their number from 1, why, and their text.
    """

    rows: Frame
    refused: list[tuple[int, str, str]]


@frozen
class Census:
    """What is counted in a file.

    Attributes:
        lines: How many lines it has, blank ones at its end aside.
        marks: How many delimiters.
        quoted: Whether it has quotes.
    """

    lines: int
    marks: int
    quoted: bool


def census(path: Path, delimiter: str) -> Census | None:
    """Count what is in a file.

    Returns:
        None where its lines are not what they seem: it has NUL characters, or ends lines now so and now so.
    """
    lines, marks, pairs, returns, quoted, last = 0, 0, 0, 0, False, b"\n"
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            if b"\0" in chunk:
                return None
            lines, marks = lines + chunk.count(b"\n"), marks + chunk.count(delimiter.encode())
            returns, pairs = returns + chunk.count(b"\r"), pairs + (last + chunk).count(b"\r\n")
            quoted, last = quoted or b'"' in chunk, chunk[-1:]
        blank = _blank_end(file.tell(), path)
    if returns != pairs or pairs not in {0, lines}:
        return None
    return Census(lines + (last != b"\n") - blank, marks, quoted)


def _blank_end(size: int, path: Path) -> int:
    """Return how many blank lines stand at the end of a file."""
    with path.open("rb") as file:
        file.seek(max(0, size - 4096))
        end = file.read()
    return max(0, end[len(end.rstrip(_ENDS)) :].count(b"\n") - 1)


def parsed(engine: DuckEngine, path: Path, header: str, names: list[str], delimiter: str) -> Parsed | None:
    """Parse a file whose first line is its header.

    Args:
        engine: Keeps the rows.
        path: A plain file of UTF-8.
        header: Its first line.
        names: What its columns are named.
        delimiter: What parts them.

    Returns:
        None where not each line is a record of its own, so that the file has to be read with more care.
    """
    counts = census(path, delimiter)
    if counts is None:
        return None
    errors = f"parse_errors_{next(_NUMBERS)}"
    told = f"SELECT DISTINCT ON (line) line::BIGINT, error_type::VARCHAR, csv_line FROM {errors}"
    try:
        rows = engine.keep(engine.query(_query(path, names, delimiter, errors)), "line")
        refused = sorted(engine.rows(engine.query(told)))
    except duckdb.Error:
        return None
    finally:
        engine.forget(errors, f"{errors}_scan")
    number, marks = engine.rows(engine.query(_counting(names, delimiter, quoted=counts.quoted), rows))[0]
    marks += sum(text.count(delimiter) for text in (header, *(text for _, _, text in refused)))
    # The parser takes a line that has one delimiter too many at its end.
    if (number + len(refused), marks + number * (len(names) - 1)) != (counts.lines - 1, counts.marks):
        return None
    return Parsed(_numbered(engine, rows, [line for line, *_ in refused]), refused)


def _counting(names: list[str], delimiter: str, *, quoted: bool) -> str:
    """Return the query of how many rows there are, and how many delimiters are part of values."""
    mark = literal(delimiter)
    inside = (f"coalesce(sum(length({one}) - length(replace({one}, {mark}, ''))), 0)" for one in map(identifier, names))
    return f"SELECT count(*), ({' + '.join(inside) if quoted else 0})::BIGINT FROM made"


def _query(path: Path, names: list[str], delimiter: str, errors: str) -> str:
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    return f"""
        FROM read_csv({literal(opened(path))}, columns = {{{columns}}}, auto_detect = false, header = false, skip = 1,
            delim = {literal(delimiter)}, quote = '"', escape = '"', nullstr = '', strict_mode = true,
            max_line_size = {_LONGEST}, store_rejects = true, rejects_limit = 0,
            rejects_table = '{errors}', rejects_scan = '{errors}_scan')"""


def _numbered(engine: DuckEngine, rows: Frame, refused: list[int]) -> Frame:
    """Turn the numbers of the rows, in ``line``, to those of the lines: the header and what was refused count too."""
    if not refused:
        return engine.query("SELECT * REPLACE (line + 1 AS line) FROM made", rows)
    # Before which of the rows, by their own count, how many lines were refused.
    gaps = {line - place: place for place, line in enumerate(refused, 1)}
    return engine.keep(
        engine.query(
            f"""SELECT * EXCLUDE (before, gap) REPLACE (line + 1 + coalesce(gap, 0) AS line) FROM made
            ASOF LEFT JOIN (SELECT unnest({list(gaps)}) AS before, unnest({list(gaps.values())}) AS gap)
            ON line + 1 > before ORDER BY line""",
            rows,
        )
    )
