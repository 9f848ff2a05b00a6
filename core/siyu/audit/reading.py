"""Reading files as an entry does: the same columns, the same lines set apart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from attrs import frozen

from siyu.audit.columns import DECIMALS
from siyu.errors import UserError

if TYPE_CHECKING:
    from siyu.kinds import Frame
    from siyu.stores.engine import DuckEngine
    from siyu.stores.reading import DuckIntake

__all__ = ["FORMS", "Reader", "Rows", "reading"]

FORMS: dict[str, Literal["csv", "jsonl", "parquet"]] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}
"""What a file holds, by the end of its name; CSV and JSON Lines may end in ``.gz`` after it."""


@frozen
class Rows:
    """A file that was opened: its rows, the columns that it has, and how many lines cannot be read."""

    rows: Frame
    columns: list[str]
    unread: int


@frozen
class Reader:
    """Reads files through DuckDB.

    Attributes:
        intake: Reads and converts.
        engine: Keeps what is read.
    """

    intake: DuckIntake
    engine: DuckEngine

    def open(self, path: Path) -> Rows:
        """Open a file.

        Raises:
            UserError: It is missing, of an unknown form, or cannot be read.
        """
        if not path.is_file():
            raise UserError(f"{path}: there is no such file")
        form = FORMS.get(Path(path.name.lower().removesuffix(".gz")).suffix)
        if form is None:
            raise UserError(f"{path}: what is in this file? its name must end in one of {', '.join(FORMS)}")
        scan = self.intake.scan(path.resolve(), form)
        columns = [name for name in scan.rows.collect_schema().names() if name != "line"]
        return Rows(self.engine.keep(scan.rows), columns, len(self.rows(scan.rejects.select("line"))))

    def rows(self, frame: Frame) -> list[tuple[Any, ...]]:
        """Return the rows of a frame."""
        return self.engine.rows(frame)


@contextmanager
def reading() -> Iterator[Reader]:
    """Read files for a while; what was read is dropped afterwards."""
    import duckdb

    from siyu.stores.engine import DuckEngine
    from siyu.stores.reading import DuckIntake

    with duckdb.connect() as connection:
        engine = DuckEngine(connection, "")
        intake = DuckIntake(connection, engine, folder=Path(), now=0, exponent=DECIMALS)
        yield Reader(intake, engine)
