"""What an entry may ask of the DuckDB store while it reads: files as frames, and values converted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import duckdb
import narwhals as nw

from siyu.errors import UserError
from siyu.identities import named
from siyu.kinds import Scan
from siyu.stores.converting import conversion
from siyu.stores.lines import REJECTS, opened, read_lines
from siyu.stores.names import identifier, literal
from siyu.stores.records import column_names, read_csv

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from siyu.intake import ArrowStream
    from siyu.kinds import Frame
    from siyu.stores.engine import DuckEngine
    from siyu.tables import Schema
    from siyu.view import View

__all__ = ["DuckIntake"]


class DuckIntake:
    """An ``Intake`` over a cursor: see ``siyu.kinds.Intake``.

    What it reads is kept by the engine, in temporary tables of the cursor, until the engine drops it.

    Attributes:
        now: The run's moment, in epoch seconds.
        cursor: What the entry's last committed batch left behind; empty at first.
        folder: The brand's folder, that relative paths start from.
        known: Gives what is known by then; None where nothing is.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        engine: DuckEngine,
        *,
        folder: Path,
        now: int,
        cursor: str = "",
        exponent: int = 2,
    ) -> None:
        """Read through this cursor of DuckDB, which must be the engine's; the currency has so many decimals."""
        self._connection = connection
        self._engine = engine
        self._exponent = exponent
        self.folder = folder
        self.now = now
        self.cursor = cursor
        self.known: Callable[[], View] | None = None

    @property
    def view(self) -> View:
        """What is known by now, what this entry brought before included; see ``Intake.view``."""
        if self.known is None:
            raise RuntimeError("nothing is known where an entry reads without a brand")
        return self.known()

    def sequence(self, count: int) -> Frame:
        """Return a frame of one column, ``index``: 0, 1, … count - 1 (Int64)."""
        return nw.from_native(self._connection.sql(f"SELECT range AS index FROM range({count})"))

    def frame(self, columns: Mapping[str, Sequence[Any]], schema: Schema) -> Frame:
        """Return a frame of values by column, all equally many; see ``Intake.frame``."""
        return self._engine.frame(columns, schema)

    def scan(self, path: Path, form: Literal["csv", "jsonl", "parquet"]) -> Scan:
        """Read a file as a frame; lines that cannot be read are set apart, none is fatal.

        Args:
            path: The file, relative to the folder or absolute; CSV and JSON Lines may be compressed with gzip.
            form: What is in it. A column named ``line`` becomes ``line_``.

        Raises:
            UserError: The file cannot be opened or is not of that form at all.
        """
        file = self.folder / path
        if form == "csv":
            return read_csv(self._connection, self._engine, file)
        return self._objects(file) if form == "jsonl" else self._parquet(file)

    def convert(
        self,
        frame: Frame,
        column: str,
        name: str,
        to: Literal["moment", "day", "money", "integer", "text"],
        zone: str = "UTC",
    ) -> Frame:
        """Add a column: ``column`` converted, null where the value is not of that type; see ``Intake.convert``."""
        relation = frame.to_native()
        kind = str(relation.types[relation.columns.index(column)])
        converted = conversion(column, kind, to, self._exponent, zone)
        made: Frame = nw.from_native(relation.project(f"*, {converted} AS {identifier(name)}"))
        return made

    def arrow(self, stream: ArrowStream) -> Frame:
        """Return the rows of an Arrow stream as a frame: see ``Intake.arrow``."""
        relation = self._connection.from_arrow(stream)
        renamed = ", ".join(
            f"{identifier(old)} AS {identifier(new)}"
            for old, new in zip(relation.columns, column_names(Path("the result"), relation.columns), strict=True)
        )
        return self._engine.keep(nw.from_native(relation.project(renamed)), "line")

    def pack(self, frame: Frame, columns: Mapping[str, str], name: str) -> Frame:
        """Add a column of JSON text: an object with one key for each of ``columns`` (key -> column)."""
        pairs = ", ".join(f"{literal(key)}, {identifier(column)}" for key, column in columns.items())
        packed = f"json_object({pairs})::VARCHAR AS {identifier(name)}"
        made: Frame = nw.from_native(frame.to_native().project(f"*, {packed}"))
        return made

    def events_of(self, identities: Sequence[str], types: Sequence[str]) -> Frame:
        """Return what the log has of people: see ``Intake.events_of``."""
        asked = self.frame({"identity": list(dict.fromkeys(identities))}, {"identity": nw.String()})
        known = nw.from_native(self._connection.sql("FROM identities"))
        keyed = named(self._engine, known, asked, "identity", "member")
        events = nw.from_native(self._connection.sql("FROM events")).filter(nw.col("type").is_in(list(types)))
        told = events.join(keyed, on="member", how="inner")
        found: Frame = told.select("identity", "type", "second", "source_id", "staff", "subject")
        return found

    def keep(self, frame: Frame) -> Frame:
        """Compute a frame once, for one that is read several times."""
        return self._engine.keep(frame, ordered=True)

    def _objects(self, path: Path) -> Scan:
        """Read JSON Lines: each key of any object is a column of text, an inner object or array is its JSON text."""
        lines = read_lines(self._connection, self._engine, path)
        valid = "coalesce(CASE WHEN json_valid(text) THEN json_type(text) = 'OBJECT' END, false)"
        checked = self._keep(lines.rows, f"SELECT *, {valid} AS valid FROM lines WHERE text IS NOT NULL")
        bad = self._keep(
            checked, "SELECT line, 'the line is not a JSON object' AS reason, text AS raw FROM lines WHERE NOT valid"
        )
        keys = self._engine.rows(self._keep(checked, _KEYS))
        columns = "".join(f"{_field(spellings)}, " for _, spellings in keys)
        rows = self._keep(checked, f"SELECT {columns} line FROM lines WHERE valid")
        return Scan(rows, nw.concat([lines.rejects, bad]))

    def _keep(self, frame: Frame, query: str) -> Frame:
        return self._engine.keep(nw.from_native(frame.to_native().query("lines", query)), ordered=True)

    def _parquet(self, path: Path) -> Scan:
        name = literal(opened(path))
        try:
            found = self._connection.sql(f"FROM read_parquet({name})").columns
        except duckdb.Error as error:
            raise UserError(f"{path}: cannot be read as Parquet: {str(error).splitlines()[0]}") from None
        named = zip(found, column_names(path, found), strict=True)
        columns = ", ".join(f"{identifier(old)} AS {identifier(new)}" for old, new in named)
        query = f"SELECT {columns}, file_row_number + 1 AS line FROM read_parquet({name}, file_row_number = true)"
        empty: dict[str, list[object]] = {column: [] for column in REJECTS}
        return Scan(nw.from_native(self._connection.sql(query)), self._engine.frame(empty, REJECTS))


# Names of columns do not tell capitals apart, keys of JSON do: all spellings of a name make one column.
_KEYS = """
    SELECT lower(key) AS name, list(key ORDER BY key) FROM (
        SELECT key, min(line) AS first FROM (SELECT unnest(json_keys(text)) AS key, line FROM lines WHERE valid)
        GROUP BY key
    ) GROUP BY name ORDER BY min(first), name"""


def _field(spellings: list[str]) -> str:
    paths = (literal("/" + key.replace("~", "~0").replace("/", "~1")) for key in spellings)
    values = ", ".join(f"json_extract_string(text, {path})" for path in paths)
    name = spellings[0]
    return f"coalesce({values}) AS {identifier('line_' if name.lower() == 'line' else name or 'column')}"
