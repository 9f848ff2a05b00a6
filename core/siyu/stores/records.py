"""CSV: lines become records, and records columns; a record that does not fit the header is set apart."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import narwhals as nw

from siyu.errors import UserError
from siyu.kinds import Scan
from siyu.stores.lines import read_lines
from siyu.stores.names import identifier, literal

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

    from siyu.kinds import Frame
    from siyu.stores.engine import DuckEngine

__all__ = ["column_names", "read_csv"]

_DELIMITERS = ",;\t|"


def read_csv(cursor: duckdb.DuckDBPyConnection, engine: DuckEngine, path: Path) -> Scan:
    """Read a CSV file: its columns as text (null where empty) and ``line``, where the record begins.

    The delimiter is the one of comma, semicolon, tab and bar that parts the header most. A quoted value may go over
    several lines; where that leads to no record of the header's width, each of its lines is read for itself, so that
    one stray quote costs one line and not the rest of the file.

    Raises:
        UserError: The file cannot be read, or its header cannot.
    """
    lines = read_lines(cursor, engine, path)
    first, delimiter, names = _header(path, lines, engine)
    records = engine.keep(_records(lines.rows, first, delimiter, len(names)))
    fields = _fields("text", delimiter)
    columns = (f"nullif(fields[{place}], '') AS {identifier(name)}" for place, name in enumerate(names, 1))
    fitting = f"SELECT line, {fields} AS fields FROM records WHERE width = {len(names)}"
    read = f"SELECT {', '.join(columns)}, line FROM ({fitting})"
    reason = f"""
        CASE WHEN width = 0 THEN 'a quoted value does not end, or text follows its end'
        ELSE concat(width, ' columns, where the header has {len(names)}') END"""
    bad = f"SELECT line, {reason} AS reason, text AS raw FROM records WHERE width <> {len(names)}"
    rejects = nw.concat([lines.rejects, _query(records, bad)])
    return Scan(engine.keep(_query(records, read)), engine.keep(rejects))


def column_names(path: Path, names: list[str]) -> list[str]:
    """Return the names that a file's columns get: ``line`` becomes ``line_``, one without a name its place.

    Raises:
        UserError: Two columns have the same name, but for capitals.
    """
    found: dict[str, str] = {}
    for place, name in enumerate(names, 1):
        plain = name.strip() or f"column{place}"
        if plain.lower() in found:
            raise UserError(f"{path}: two columns are named '{plain}'; rename one of them")
        found[plain.lower()] = "line_" if plain.lower() == "line" else plain
    return list(found.values())


def _query(frame: Frame, query: str) -> Frame:
    made: Frame = nw.from_native(frame.to_native().query("records", query))
    return made


def _header(path: Path, lines: Scan, engine: DuckEngine) -> tuple[int, str, list[str]]:
    written = lines.rows.filter(~nw.col("text").is_null())
    found = engine.rows(written.sort("line").head(1))
    unread = engine.rows(lines.rejects.select(nw.col("line").min()))[0][0]
    if not found or (unread is not None and unread < found[0][0]):
        raise UserError(f"{path}: has no header that can be read; its first line must name the columns, in UTF-8")
    first, text = found[0]
    delimiter = max(_DELIMITERS, key=lambda one: len(next(csv.reader([text], delimiter=one))))
    return first, delimiter, column_names(path, next(csv.reader([text], delimiter=delimiter)))


def _records(lines: Frame, first: int, delimiter: str, width: int) -> Frame:
    """Return line, text, width (how many columns; 0 where the quotes do not fit)."""
    # A line with an odd number of quotes opens a value that goes on in the next lines, or closes one.
    query = f"""
        WITH body AS (
            SELECT line, text, (length(text) - length(replace(text, '"', ''))) % 2 = 1 AS odd
            FROM records WHERE line > {first}
        ), marked AS (
            SELECT *, coalesce(sum(odd::INT) OVER before % 2 = 1, false) AS inside FROM body
            WINDOW before AS (ORDER BY line ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
        ), numbered AS (
            SELECT *, sum((NOT inside)::INT) OVER (ORDER BY line) AS record FROM marked
        ), long AS (
            SELECT record, min(line) AS line, string_agg(coalesce(text, ''), chr(10) ORDER BY line) AS text,
            FROM numbered WHERE inside OR odd GROUP BY record
        ), whole AS (
            SELECT * FROM long WHERE {_width("text", delimiter)} = {width}
        ), every AS (
            SELECT line, text FROM whole
            UNION ALL
            SELECT line, text FROM numbered WHERE text IS NOT NULL AND record NOT IN (SELECT record FROM whole)
        )
        SELECT line, text, {_width("text", delimiter)} AS width FROM every ORDER BY line"""
    plain = f"""
        SELECT line, text, {_width("text", delimiter)} AS width
        FROM records WHERE text IS NOT NULL AND line > {first}"""
    quoted = _query(lines, """SELECT coalesce(bool_or(contains(text, '"')), false) FROM records""")
    return _query(lines, query if quoted.to_native().fetchall()[0][0] else plain)


def _width(text: str, delimiter: str) -> str:
    mark = literal(delimiter)
    valid = f"""([{delimiter}]("([^"]|"")*"|[^"{delimiter}][^{delimiter}]*)?)*"""
    whole = f"regexp_full_match({mark} || {text}, {literal(valid)})"
    return f"""
        CASE WHEN NOT contains({text}, '"') THEN 1 + length({text}) - length(replace({text}, {mark}, ''))
        WHEN {whole} THEN len({_parts(text, delimiter)}) ELSE 0 END"""


def _fields(text: str, delimiter: str) -> str:
    bare = """lambda part: CASE WHEN part[1] = '"' THEN replace(part[2:-2], '""', '"') ELSE part END"""
    quoted = f"list_transform({_parts(text, delimiter)}, {bare})"
    return f"""CASE WHEN contains({text}, '"') THEN {quoted} ELSE string_split({text}, {literal(delimiter)}) END"""


def _parts(text: str, delimiter: str) -> str:
    # The leading delimiter makes every match one that is not empty, an empty first column included.
    part = f"""[{delimiter}]("(?:[^"]|"")*"|[^{delimiter}]*)"""
    return f"regexp_extract_all({literal(delimiter)} || {text}, {literal(part)}, 1)"
