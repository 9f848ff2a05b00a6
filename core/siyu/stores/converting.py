"""DuckDB expressions that convert a column as it was read: null where the value is not of the type."""

from __future__ import annotations

from siyu.moments import DISTANT
from siyu.stores.names import identifier, literal

__all__ = ["conversion"]

_WHOLE = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"}
)
_REAL = frozenset({"FLOAT", "DOUBLE"})
_STAMPS = frozenset({"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"})
_NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?"
_DATE = r"\d{4}[-/]\d{1,2}[-/]\d{1,2}"
_CLOCK = r"[ Tt]\d{1,2}:\d{2}(:\d{2}([.]\d+)?)?"
_OFFSET = r" ?([Zz]|UTC|[+-]\d{2}(:?\d{2})?)"
# The usual ways to write a moment, which are read much faster than the others.
_FORMATS = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"]
_MARKED = "%Y-%m-%dT%H:%M:%SZ"
# Numbers of 13 digits are milliseconds: as seconds they would lie tens of thousands of years away.
_MILLI = "1000000000000 AND 9999999999999"
_NULL = "NULL"
# The blanks that people and spreadsheets leave around a value, the wide space of Chinese text among them.
_BLANKS = r"' ' || chr(9) || chr(10) || chr(13) || chr(160) || chr(12288)"
# An empty text begins with 0.
_BLANK_CODES = "0, 9, 10, 13, 32, 160, 12288"


def conversion(column: str, kind: str, to: str, exponent: int, zone: str = "UTC") -> str:
    """Return the SQL expression that converts a column.

    Args:
        column: The column's name.
        kind: Its DuckDB type, as DuckDB writes it.
        to: ``moment``, ``day``, ``money``, ``integer`` or ``text``: see ``siyu.kinds.Intake.convert``.
        exponent: How many decimals the brand's currency has.
        zone: Where the clocks are that moments without an offset were read from.
    """
    value = identifier(column)
    if to == "moment":
        return _moment(value, kind, zone)
    if to == "day":
        return _day(value, kind)
    if to == "money":
        return _money(value, kind, exponent)
    return _integer(value, kind) if to == "integer" else _text(value, kind)


def _text(value: str, kind: str) -> str:
    if kind in _REAL:
        # Whole numbers turn into reals where a column has nulls; an id of 42 must not read 42.0.
        whole = f"{value} = trunc({value}) AND abs({value}) < 1e15"
        return f"CASE WHEN {whole} THEN {value}::BIGINT::VARCHAR ELSE {value}::VARCHAR END"
    if kind != "VARCHAR":
        return f"nullif({value}::VARCHAR, '')"
    # To look at both ends is several times faster than to trim.
    bare = f"ascii({value}) NOT IN ({_BLANK_CODES}) AND ascii(right({value}, 1)) NOT IN ({_BLANK_CODES})"
    return f"CASE WHEN {bare} THEN {value} ELSE nullif(trim({value}, {_BLANKS}), '') END"


def _number(value: str, kind: str) -> str:
    """Return a number as text, which holds a decimal as it was written; null for what is no number."""
    if kind in _WHOLE or kind in _REAL or kind.startswith("DECIMAL"):
        return f"{value}::VARCHAR"
    text = _text(value, kind)
    return f"CASE WHEN regexp_full_match({text}, '{_NUMBER}') THEN {text} END" if kind in {"VARCHAR", "JSON"} else _NULL


def _money(value: str, kind: str, exponent: int) -> str:
    if kind in _WHOLE or kind.startswith("DECIMAL"):
        return f"TRY_CAST(TRY_CAST({value} AS DECIMAL({22 + exponent}, {exponent})) * {10**exponent} AS BIGINT)"
    major = f"TRY_CAST({_number(value, kind)} AS DECIMAL({22 + exponent}, {exponent}))"
    return f"TRY_CAST({major} * {10**exponent} AS BIGINT)"


def _integer(value: str, kind: str) -> str:
    if kind in _WHOLE:
        return f"TRY_CAST({value} AS BIGINT)"
    number = f"TRY_CAST({_number(value, kind)} AS DECIMAL(38, 9))"
    return f"CASE WHEN {number} = trunc({number}) THEN TRY_CAST({number} AS BIGINT) END"


def _moment(value: str, kind: str, zone: str = "UTC") -> str:
    if kind in _STAMPS or kind == "DATE":
        return _local(f"CASE WHEN isfinite({value}) THEN {value}::TIMESTAMP END", zone)
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"CASE WHEN isfinite({value}) THEN make_timestamp(epoch_us({value})) END"
    if kind in _WHOLE:
        seconds = f"WHEN {value} BETWEEN -{DISTANT} AND {DISTANT} THEN make_timestamp({value}::BIGINT * 1000000)"
        return f"CASE {seconds} WHEN {value} BETWEEN {_MILLI} THEN make_timestamp({value}::BIGINT * 1000) END"
    if kind != "VARCHAR":
        return f"{_NULL}::TIMESTAMP"
    text = _text(value, kind)
    # A cast to a plain timestamp ignores the offset, and one with a zone takes the machine's where none is written.
    given = f"CASE WHEN regexp_full_match({text}, '{_DATE}{_CLOCK}{_OFFSET}') THEN {text} END"
    bare = f"CASE WHEN regexp_full_match({text}, '{_DATE}{_CLOCK}') THEN {text} || 'Z'"
    day = f"WHEN regexp_full_match({text}, '{_DATE}') THEN {text} || ' 00:00:00Z' END"
    lax = f"make_timestamp(epoch_us(TRY_CAST({given} AS TIMESTAMPTZ)))"
    naive = f"make_timestamp(epoch_us(TRY_CAST({bare} {day} AS TIMESTAMPTZ)))"
    # What strptime makes of 'infinity' is a moment too. Most moments are written in one of these ways.
    marked = f"CASE WHEN {value} LIKE '____-__-__%Z' THEN try_strptime({value}, '{_MARKED}')::TIMESTAMP END"
    plain = f"CASE WHEN {value} LIKE '____-__-__%' THEN try_strptime({value}, {_FORMATS})::TIMESTAMP END"
    # JSON Lines, where numbers are text: of other lengths they may be days or hours, written together.
    number = f"CASE WHEN regexp_full_match({text}, '[0-9]{{10}}|[0-9]{{13}}') THEN TRY_CAST({text} AS BIGINT) END"
    counted = f"make_timestamp({number} * CASE length({text}) WHEN 10 THEN 1000000 ELSE 1000 END)"
    return f"coalesce({_local(plain, zone)}, {marked}, {_local(naive, zone)}, {lax}, {counted})"


def _local(value: str, zone: str) -> str:
    """Return a moment in UTC of one that the clocks of a zone showed."""
    return value if zone == "UTC" else f"make_timestamp(epoch_us(timezone({literal(zone)}, {value})))"


def _day(value: str, kind: str) -> str:
    if kind != "VARCHAR":
        return f"{_moment(value, kind)}::DATE"
    text = _text(value, kind)
    known = f"regexp_full_match({text}, '{_DATE}({_CLOCK}({_OFFSET})?)?')"
    return f"CASE WHEN {known} THEN TRY_CAST(regexp_extract({text}, '{_DATE}') AS DATE) END"
