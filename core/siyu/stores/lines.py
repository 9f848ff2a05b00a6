"""A text file as numbered lines, whatever is wrong with some of them."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import duckdb
import narwhals as nw

from siyu.errors import UserError
from siyu.kinds import Scan
from siyu.stores.names import literal
from siyu.tables import LOGS

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from siyu.kinds import Frame
    from siyu.stores.engine import DuckEngine

__all__ = ["REASONS", "REJECTS", "opened", "opening", "read_lines"]

_TABLE = LOGS["rejects"].columns
REJECTS = {name: _TABLE[name] for name in ("line", "reason", "raw")}
"""The columns of the lines that a scan sets apart."""

_LONGEST = 64 * 2**20
REASONS = {
    "INVALID ENCODING": "the line is not UTF-8; save the file as UTF-8",
    "LINE SIZE OVER MAXIMUM": "the line is longer than 64 MiB",
}
"""Why a line is no text at all, by the engine's word for it."""

_NUMBERS = count()


def read_lines(cursor: duckdb.DuckDBPyConnection, engine: DuckEngine, path: Path) -> Scan:
    """Read the physical lines of a file, UTF-8 or UTF-16 with its mark, plain or compressed with gzip.

    What follows a NUL character in a line is not read.

    Returns:
        rows: line (Int64, from 1), text (String, null where the line is empty).
        rejects: line, reason, raw: the lines that are no text, or far too long.

    Raises:
        UserError: The file cannot be read.
    """
    errors = f"reject_errors_{next(_NUMBERS)}"
    try:
        texts = engine.keep(nw.from_native(cursor.sql(_query(path, errors))), ordered=True)
        bad = cursor.execute(f"SELECT DISTINCT ON (line) line::BIGINT, error_type::VARCHAR, csv_line FROM {errors}")
        found = sorted(bad.fetchall())
    except duckdb.Error as error:
        raise UserError(f"{path}: cannot be read as text: {str(error).splitlines()[0]}") from None
    finally:
        cursor.execute(f"DROP TABLE IF EXISTS {errors}")
        cursor.execute(f"DROP TABLE IF EXISTS {errors}_scan")
    lines, kinds, raws = ([row[part] for row in found] for part in range(3))
    reasons = [REASONS.get(kind, kind.lower()) for kind in kinds]
    rejects = engine.frame({"line": lines, "reason": reasons, "raw": raws}, REJECTS)
    return Scan(texts if not found else _counting(texts, lines, engine), rejects)


def _query(path: Path, errors: str) -> str:
    encoding = "utf-16" if _mark(path) in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    # One column without delimiter and quote is a whole line. Only a lax reader takes a file that mixes line ends.
    return f"""
        SELECT row_number() OVER () AS line, text FROM read_csv({literal(opened(path))},
            columns = {{'text': 'VARCHAR'}}, auto_detect = false, header = false,
            delim = '', quote = '', escape = '', strict_mode = false, encoding = '{encoding}',
            max_line_size = {_LONGEST}, store_rejects = true, rejects_limit = 0,
            rejects_table = '{errors}', rejects_scan = '{errors}_scan')"""


def opened(path: Path) -> str:
    """Return the name by which DuckDB opens just this file: it takes some letters for patterns.

    Raises:
        UserError: The file cannot be opened.
    """
    _mark(path)
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path))


def opening(path: Path) -> BinaryIO:
    """Open a file to be read.

    Raises:
        UserError: The file cannot be opened.
    """
    try:
        return path.open("rb")
    except OSError as error:
        message = f"{path}: cannot be opened ({error.strerror}); check its name in the config"
        raise UserError(message) from None


def _mark(path: Path) -> bytes:
    with opening(path) as file:
        return file.read(2)


def _counting(texts: Frame, missing: list[int], engine: DuckEngine) -> Frame:
    """Give each line its place in the file: the lines that were set apart count too."""
    # Before which of the lines that came in, by their own count, how many were set apart.
    gaps = {line - place: place for place, line in enumerate(missing, 1)}
    query = f"""
        SELECT line + coalesce(gap, 0) AS line, text FROM texts
        ASOF LEFT JOIN (SELECT unnest({list(gaps)}) AS before, unnest({list(gaps.values())}) AS gap) ON line > before
        ORDER BY line"""
    return engine.keep(nw.from_native(texts.to_native().query("texts", query)))
