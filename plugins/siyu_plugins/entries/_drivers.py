"""Connections to databases by ADBC, that only read."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from siyu.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["reading"]

# So many rows make a batch where the driver asks; each is one pass of the intake.
_ROWS = 250_000
_KINDS = {"postgresql": "postgresql", "postgres": "postgresql", "sqlite": "sqlite"}


@contextmanager
def reading(uri: str, where: str) -> Iterator[Any]:
    """Open a cursor of ADBC that cannot write.

    Args:
        uri: ``postgresql://…``, or ``sqlite:///path`` of a file.
        where: Who asks: begins the message of an error, which does not hold the URI.

    Raises:
        UserError: The driver is missing, the database cannot be reached, or refuses what is asked of it.
    """
    kind = (
        urlsplit(uri).scheme.partition("+")[0].replace("postgres", "postgresql").replace("postgresqlql", "postgresql")
    )
    if kind not in ("postgresql", "sqlite"):
        raise UserError(f"{where}: its uri begins with none of postgresql:// and sqlite:///")
    try:
        driver: Any = import_module(f"adbc_driver_{kind}.dbapi")
    except ImportError:
        raise UserError(f"{where}: its driver is missing; install it with: pip install 'siyu[{kind}]'") from None
    try:
        with driver.connect(_place(uri, kind)) as connection, connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY" if kind == "postgresql" else "PRAGMA query_only = ON")
            if kind == "sqlite":
                cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": str(_ROWS)})
            yield cursor
            with suppress(driver.Error):
                connection.rollback()
    except driver.Error as error:
        words = str(error).replace(uri, "…").strip().splitlines()
        raise UserError(f"{where}: the database says: {words[0] if words else 'nothing'}") from None


def _place(uri: str, kind: str) -> str:
    if kind == "postgresql":
        return uri
    return f"file:{quote(uri.partition(':///')[2])}?mode=ro"
