"""A folder of files, and entries that read them on one engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from siyu.stores.engine import DuckEngine
from siyu.stores.reading import DuckIntake
from siyu_plugins.entries.files import Column, Files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from siyu.kinds import Batch, Frame

MAPPED: dict[str, Any] = {
    "name": "till",
    "files": ("orders.csv",),
    "type": Column(column="kind"),
    "id": "id",
    "member": "card:{who}",
    "time": "at",
    "place": "shop",
    "amount": "total",
    "quantity": "pieces",
}


class Reader:
    """Reads entries of one folder on one engine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.connection = duckdb.connect().cursor()
        self.engine = DuckEngine(self.connection, "00")

    def intake(self, cursor: str = "") -> DuckIntake:
        return DuckIntake(self.connection, self.engine, folder=self.folder, now=0, cursor=cursor)

    def batches(self, cursor: str = "", **attributes: object) -> list[Batch]:
        """Read, and compute what is in each batch before the next one is asked for, as the core does."""
        found = []
        for batch in Files(**{**MAPPED, **attributes}).read(self.intake(cursor)):
            assert batch.rejects is None or batch.table != "items"
            rejects = None if batch.rejects is None else self.engine.keep(batch.rejects)
            found.append(
                type(batch)(rows=self.engine.keep(batch.rows), table=batch.table, rejects=rejects, cursor=batch.cursor)
            )
        return found

    def rows(self, frame: Frame | None) -> list[dict[str, Any]]:
        assert frame is not None
        names = frame.collect_schema().names()
        return [dict(zip(names, row, strict=True)) for row in self.engine.rows(frame)]

    def write(self, name: str, text: str | bytes) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    made = Reader(tmp_path)
    yield made
    made.connection.close()
