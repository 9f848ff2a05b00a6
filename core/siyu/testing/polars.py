"""The engine over Polars: see ``siyu.engine``. For tests, and for trying a plugin on a few rows."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import narwhals as nw

from siyu.keys import hashed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from narwhals.dtypes import DType

    from siyu.kinds import Frame
    from siyu.tables import Schema

__all__ = ["PolarsEngine"]


class PolarsEngine:
    """What the core asks of an engine, over lazy Polars frames in memory; gives what ``DuckEngine`` gives.

    Attributes:
        versions: How many keys the brand has had.
    """

    def __init__(self, key: str, newer: Sequence[str] = ()) -> None:
        """Work with the brand's first secret key and those that followed it."""
        self._keys = (key, *newer)
        self.versions = len(self._keys)

    def keep(self, frame: Frame, number: str = "", *, ordered: bool = False) -> Frame:  # noqa: ARG002 - rows stay as they stand
        """Compute a frame once and return a frame over the result, with a column that numbers its rows from 1."""
        kept = frame.collect("polars").lazy()
        return self.numbered(kept, number) if number else kept

    def rows(self, frame: Frame) -> list[tuple[Any, ...]]:
        """Return all rows as Python tuples, in the frame's order of columns and rows."""
        return list(frame.collect("polars").rows())

    def size(self, frame: Frame) -> int:
        """Return the number of rows."""
        return int(self.rows(frame.select(nw.len()))[0][0])

    def some(self, frame: Frame) -> bool:
        """Return whether there are any rows."""
        return bool(self.rows(frame.head(1)))

    def frame(self, columns: Mapping[str, Sequence[Any]], schema: Schema) -> Frame:
        """Return a frame of the given columns.

        Args:
            columns: The values by column, all equally many; a moment is a datetime without a zone, in UTC.
            schema: The type of each column, in the order of the frame's columns.
        """
        ordered = {column: list(columns[column]) for column in schema}
        return nw.from_dict(ordered, schema, backend="polars").lazy()

    def fields(self, frame: Frame, column: str, schema: Schema) -> Frame:
        """Add one column for each name of the schema, read from a column of JSON text; null where absent.

        A value that is not of the schema's type is null, and so is all of a text that is no JSON object.

        Raises:
            KeyError: The schema has a type other than String, Int64, Int32, Float64 and Boolean.
        """
        whole = frame.collect("polars")
        objects = [_object(text) for text in whole[column].to_list()]
        added = [
            nw.new_series(name, [_READERS[dtype](found.get(name)) for found in objects], dtype, backend="polars")
            for name, dtype in schema.items()
        ]
        return whole.with_columns(*added).lazy()

    def picked(self, frame: Frame, column: str, kind: str, names: Mapping[str, Collection[str]]) -> Frame:
        """Keep of a column of JSON objects only the keys that are named for a row's kind: see ``siyu.engine``."""
        whole = frame.collect("polars")
        rows = zip(whole[column].to_list(), whole[kind].to_list(), strict=True)
        found = [_picked(text, names.get(one, ())) for text, one in rows]
        made = {
            column: [text for text, _ in found],
            "dropped": [len(lost) for _, lost in found],
            "dropped_names": [",".join(lost) or None for _, lost in found],
        }
        types = {column: nw.String(), "dropped": nw.Int64(), "dropped_names": nw.String()}
        series = [nw.new_series(name, made[name], dtype, backend="polars") for name, dtype in types.items()]
        return whole.with_columns(*series).lazy()

    def hashed(self, frame: Frame, columns: Sequence[str], name: str, version: int = 0) -> Frame:
        """Add a column of ids: the keyed hash of the columns' texts joined with ``|``, a null as empty text.

        The columns are text or integers: other types are not written alike by every engine.
        """
        whole = frame.collect("polars")
        texts = whole.select(nw.col(column).cast(nw.String).fill_null("") for column in columns).rows()
        ids = [hashed(self._keys[version], *row) for row in texts]
        return whole.with_columns(nw.new_series(name, ids, nw.Int64(), backend="polars")).lazy()

    def numbered(self, frame: Frame, name: str) -> Frame:
        """Add a column that numbers the rows from 1 in the order in which they stand (Int64)."""
        whole = frame.collect("polars")
        numbers = nw.new_series(name, range(1, len(whole) + 1), nw.Int64(), backend="polars")
        return whole.with_columns(numbers).lazy()

    def seconds(self, frame: Frame, column: str, name: str) -> Frame:
        """Add a column of epoch seconds (Int64, rounded down) from one of moments (Datetime, UTC)."""
        return frame.with_columns((nw.col(column).dt.timestamp("us") // 1_000_000).alias(name))


def _object(text: str | None) -> dict[str, Any]:
    try:
        value = json.loads(text or "null", object_pairs_hook=_first, parse_constant=_nothing)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _picked(text: str | None, names: Collection[str]) -> tuple[str | None, list[str]]:
    """Return what is kept of an object's text, and the keys that are dropped."""
    if text is None:
        return None, []
    value = _object(text)
    if not value and text.strip() != "{}":
        return None, [""]
    lost = sorted(set(value) - set(names))
    kept = {name: value[name] for name in sorted(names) if name in value}
    packed = json.dumps(kept, ensure_ascii=False, separators=(",", ":")) if kept else None
    return (packed, lost) if lost else (text, [])


def _first(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict(reversed(pairs))


def _nothing(_constant: str) -> None:
    """Read NaN and Infinity, which JSON does not know, as null."""


def _integer(bits: int) -> Callable[[object], int | None]:
    bound = 2 ** (bits - 1)

    def read(value: object) -> int | None:
        return value if type(value) is int and -bound <= value < bound else None

    return read


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


_READERS: dict[DType, Callable[[object], object]] = {
    nw.String(): _text,
    nw.Int64(): _integer(64),
    nw.Int32(): _integer(32),
    nw.Float64(): _number,
    nw.Boolean(): _flag,
}
