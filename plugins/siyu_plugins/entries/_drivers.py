"""Connections to databases that only read, and give what they are asked as Arrow."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from attrs import frozen

from siyu.errors import UserError
from siyu_plugins.entries._asking import ROWS, asked
from siyu_plugins.entries._mysql import Mysql

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["reading"]

_KINDS = {
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "sqlite": "sqlite",
    "mysql": "mysql",
    "mariadb": "mysql",
}
_READ_ONLY = {"postgresql": "SET TRANSACTION READ ONLY", "sqlite": "PRAGMA query_only = ON"}


@frozen
class _Adbc:
    """A cursor of ADBC."""

    cursor: Any

    def batches(self, query: str, column: str, least: object) -> Iterable[Any]:
        """Return the rows of a query as Arrow's batches: see ``Mysql.batches``."""
        bound = None if least is None else "$1"
        self.cursor.execute(asked(query, column, '"', bound), () if bound is None else (least,))
        batches: Iterable[Any] = self.cursor.fetch_record_batch()
        return batches


@contextmanager
def reading(uri: str, where: str) -> Iterator[_Adbc | Mysql]:
    """Open a connection that cannot write.

    Args:
        uri: ``postgresql://…``, ``mysql://…``, or ``sqlite:///path`` of a file.
        where: Who asks: begins the message of an error, which does not hold the URI.

    Raises:
        UserError: The driver is missing, the database cannot be reached, or refuses what is asked of it.
    """
    kind = _KINDS.get(urlsplit(uri).scheme.partition("+")[0])
    if kind is None:
        raise UserError(f"{where}: its uri begins with none of postgresql://, mysql:// and sqlite:///")
    try:
        driver: Any = import_module("connectorx" if kind == "mysql" else f"adbc_driver_{kind}.dbapi")
    except ImportError:
        raise UserError(f"{where}: its driver is missing; install it with: pip install 'siyu[{kind}]'") from None
    if kind == "mysql":
        yield Mysql(driver, uri, where)
        return
    try:
        with driver.connect(_place(uri, kind)) as connection, connection.cursor() as cursor:
            cursor.execute(_READ_ONLY[kind])
            if kind == "sqlite":
                cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": str(ROWS)})
            yield _Adbc(cursor)
            with suppress(driver.Error):
                connection.rollback()
    except driver.Error as error:
        words = str(error).replace(uri, "…").strip().splitlines()
        raise UserError(f"{where}: the database says: {words[0] if words else 'nothing'}") from None


def _place(uri: str, kind: str) -> str:
    if kind == "postgresql":
        return uri
    return f"file:{quote(uri.partition(':///')[2])}?mode=ro"
