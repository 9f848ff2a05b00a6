"""Databases: a query whose columns a config maps to events and to other tables."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import narwhals as nw
from attrs import Attribute, field, frozen

from siyu import hookimpl
from siyu.config.units import Secret
from siyu.errors import UserError
from siyu.kinds import Batch, Scan, doc
from siyu_plugins.entries._drivers import reading
from siyu_plugins.entries.mapped import Mapped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from siyu.kinds import Entry, Frame, Intake

__all__ = ["Database", "siyu_register_entries"]

_READERS: dict[str, Callable[[str], object]] = {
    "int": int,
    "str": str,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
}


@frozen(kw_only=True)
class Database(Mapped):
    """Asks a database and maps the columns of what it answers to a table.

    PostgreSQL needs ``siyu[postgresql]``, MySQL and MariaDB need ``siyu[mysql]``, SQLite needs ``siyu[sqlite]``.

    With ``cursor``, only rows are asked for whose value of that column is at least the greatest one that came in
    before: those with just that value come again, and are known by their id. Choose a column that only grows, as one
    that is set when a row is written: what is committed later with a lesser value is not seen, nor what has no value.
    Without ``cursor``, all rows come each time. Rows come in batches; nothing is ever written.

    ```toml
    [entry.crm]
    use = "database"
    uri = { env = "CRM_URI" }
    query = "SELECT order_no, mobile, paid_at, total, changed FROM orders"
    cursor = "changed"
    type = "ordered"
    id = "order_no"
    member = "phone:{mobile}"
    time = "paid_at"
    amount = "total"
    ```
    """

    uri: Secret = field(
        metadata=doc("where the database is: postgresql://…, mysql://… or sqlite:///path", example={"env": "CRM_URI"})
    )
    query: str = field(metadata=doc("what is asked, as SQL", example="SELECT * FROM orders"))
    cursor: str = field(
        default="", metadata=doc("the column that tells what is new: a whole number, a moment, a day or text")
    )

    @query.validator
    def _check_query(self, _: Attribute[Any], value: str) -> None:
        if not value.strip().rstrip(";"):
            raise ValueError('expected a query, as in "SELECT * FROM orders"')

    def read(self, intake: Intake) -> Iterable[Batch]:
        """Ask for the rows that are new, in batches; the cursor is the kind and text of the greatest value.

        Raises:
            UserError: The database cannot be reached or refuses the query, or the mapping names a missing column.
        """
        where = f"entry '{self.name}'"
        with reading(self.uri.reveal(intake.folder), where) as database:
            batches = database.batches(self.query.strip().rstrip(";"), self.cursor, _value(intake.cursor))
            yield from self._read(intake, batches, where)

    def _read(self, intake: Intake, stream: Iterable[Any], where: str) -> Iterator[Batch]:
        known, done = intake.cursor, 0
        for batch in stream:
            if not batch.num_rows:
                continue
            rows = intake.arrow(batch)
            rows = rows.with_columns(nw.col("line") + done)
            done += batch.num_rows
            known = self._greatest(batch, where) if self.cursor else known
            yield from self.batches(intake, Scan(rows, _nothing(intake)), "query", known)

    def _greatest(self, batch: Any, where: str) -> str:  # noqa: ANN401 - the driver's batch
        """Return the cursor's value in the last row, which is the greatest."""
        if self.cursor not in batch.schema.names:
            raise UserError(f"{where}: 'cursor' names '{self.cursor}', which is no column of the query")
        value = batch.column(self.cursor)[-1].as_py()
        kind = type(value).__name__
        if kind not in _READERS:
            raise UserError(f"{where}: '{self.cursor}' cannot tell what is new: it is neither number, moment nor text")
        return json.dumps([kind, value.isoformat() if isinstance(value, date) else str(value)])


def _value(known: str) -> object:
    """Return the greatest value that came in before, None where nothing did."""
    if not known:
        return None
    kind, text = json.loads(known)
    return _READERS[kind](text)


def _nothing(intake: Intake) -> Frame:
    empty = intake.sequence(0)
    return empty.select(nw.col("index").alias("line"), reason=nw.lit(None, nw.String()), raw=nw.lit(None, nw.String()))


@hookimpl
def siyu_register_entries() -> Mapping[str, type[Entry]]:
    """Register the entry ``database``."""
    return {"database": Database}
