"""CSV: lines become records, and records columns; a record that does not fit the header is set apart."""

from __future__ import annotations

import csv
from codecs import BOM_UTF8
from typing import TYPE_CHECKING, Any

import narwhals as nw

from siyu.errors import UserError
from siyu.kinds import Scan
from siyu.stores.lines import REASONS, REJECTS, opening, read_lines
from siyu.stores.names import identifier, literal
from siyu.stores.parsing import parsed

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

    from siyu.kinds import Frame
    from siyu.stores.engine import DuckEngine
    from siyu.tables import Schema

__all__ = ["column_names", "read_csv"]

_DELIMITERS = ",;\t|"
_LINES = {"line": nw.Int64(), "text": nw.String()}
_LONGEST = 2**20


def read_csv(cursor: duckdb.DuckDBPyConnection, engine: DuckEngine, path: Path) -> Scan:
    """Read a CSV file: its columns as text (null where empty) and ``line``, where the record begins.

    The delimiter is the one of comma, semicolon, tab and bar that parts the header most. A quoted value may go over
    several lines; where that leads to no record of the header's width, each of its lines is read for itself, so that
    one stray quote costs one line and not the rest of the file.

    Raises:
        UserError: The file cannot be read, or its header cannot.
    """
    return _quickly(engine, path) or _carefully(cursor, engine, path)


def _quickly(engine: DuckEngine, path: Path) -> Scan | None:
    """Read a file by the engine's own parser; None where its records are more than lines."""
    head = _first_line(path)
    if head is None:
        return None
    delimiter, names = _named(path, head)
    made = parsed(engine, path, head, names, delimiter)
    if made is None or any(text.count('"') % 2 for _, _, text in made.refused):
        return None
    texts = [(line, text) for line, kind, text in made.refused if kind not in REASONS]
    none = [(line, REASONS[kind], text) for line, kind, text in made.refused if kind in REASONS]
    refused = engine.keep(_records(_framed(engine, texts, _LINES), 0, delimiter, len(names)))
    rows, rejects = _fitted(engine, refused, delimiter, names)
    every = nw.concat([_framed(engine, none, REJECTS), rejects]) if none else rejects
    if engine.some(rows):
        return Scan(engine.keep(nw.concat([made.rows, rows]).sort("line")), every)
    return Scan(made.rows, every)


def _framed(engine: DuckEngine, rows: list[tuple[Any, ...]], schema: Schema) -> Frame:
    return engine.frame({name: [row[place] for row in rows] for place, name in enumerate(schema)}, schema)


def _first_line(path: Path) -> str | None:
    """Return the header of a file, None where it is not one line of UTF-8 with something in it."""
    with opening(path) as file:
        line = file.readline(_LONGEST)
    try:
        text = line.removeprefix(BOM_UTF8).decode().strip("\r\n")
    except UnicodeDecodeError:
        return None
    return text if text and text.count('"') % 2 == 0 else None


def _carefully(cursor: duckdb.DuckDBPyConnection, engine: DuckEngine, path: Path) -> Scan:
    """Read a file line by line."""
    lines = read_lines(cursor, engine, path)
    first, delimiter, names = _header(path, lines, engine)
    records = engine.keep(_records(lines.rows, first, delimiter, len(names)), ordered=True)
    rows, rejects = _fitted(engine, records, delimiter, names)
    return Scan(rows, engine.keep(nw.concat([lines.rejects, rejects])))


def _fitted(engine: DuckEngine, records: Frame, delimiter: str, names: list[str]) -> tuple[Frame, Frame]:
    """Return the columns of the records that are as wide as the header, and the others with the reason."""
    fields = _fields("text", delimiter)
    columns = (f"nullif(fields[{place}], '') AS {identifier(name)}" for place, name in enumerate(names, 1))
    fitting = f"SELECT line, {fields} AS fields FROM records WHERE width = {len(names)}"
    reason = f"""
        CASE WHEN width = 0 THEN 'a quoted value does not end, or text follows its end'
        ELSE concat(width, ' columns, where the header has {len(names)}') END"""
    bad = f"SELECT line, {reason} AS reason, text AS raw FROM records WHERE width <> {len(names)}"
    rows = _query(records, f"SELECT {', '.join(columns)}, line FROM ({fitting})")
    return engine.keep(rows, ordered=True), engine.keep(_query(records, bad), ordered=True)


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
    return found[0][0], *_named(path, found[0][1])


def _named(path: Path, header: str) -> tuple[str, list[str]]:
    """Return the delimiter of a header, and what the columns are named."""
    delimiter = max(_DELIMITERS, key=lambda one: len(next(csv.reader([header], delimiter=one))))
    return delimiter, column_names(path, next(csv.reader([header], delimiter=delimiter)))


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
    odd = _query(
        lines,
        """SELECT coalesce(bool_or((length(text) - length(replace(text, '"', ''))) % 2 = 1), false) FROM records""",
    )
    return _query(lines, query if odd.to_native().fetchall()[0][0] else plain)


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
