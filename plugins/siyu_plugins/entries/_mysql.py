"""MySQL and MariaDB by ConnectorX, for there is no driver of ADBC that pip could install."""

from __future__ import annotations

import socket
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from attrs import frozen

from siyu.errors import UserError
from siyu_plugins.entries._asking import ROWS, asked

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Mysql"]

_PORT = 3306
_SECONDS = 10


@frozen
class Mysql:
    """A database that is connected to for each query.

    Attributes:
        driver: The module ``connectorx``.
        uri: ``mysql://user:password@host/database`` (``mariadb://`` as well).
        where: Who asks: begins the message of an error, which does not hold the URI.
    """

    driver: Any
    uri: str
    where: str

    def batches(self, query: str, column: str, least: object) -> Iterator[Any]:
        """Yield the rows of a query as Arrow's batches.

        Args:
            query: The query.
            column: The column that tells what is new, by which the rows are ordered; empty for none.
            least: The least value of it that is asked for; None for any.

        Raises:
            UserError: The database cannot be reached, or refuses the query.
        """
        self._reached()
        statement = asked(query, column, "`", None if least is None else _literal(least))
        stream = self._said(lambda: self._stream(statement))
        while (batch := self._said(lambda: next(stream, None))) is not None:
            yield batch

    def _stream(self, query: str) -> Iterator[Any]:
        _, _, rest = self.uri.partition("://")
        # The driver knows the one name, whatever follows it as in `mysql+pymysql`.
        return iter(
            self.driver.read_sql(
                f"mysql://{rest}",
                query,
                return_type="arrow_stream",
                batch_size=ROWS,
                pre_execution_query="SET SESSION TRANSACTION READ ONLY",
            )
        )

    def _reached(self) -> None:
        """Knock: the driver would try, and write of it, for a minute and more."""
        parts = urlsplit(self.uri)
        try:
            socket.create_connection((parts.hostname or "localhost", parts.port or _PORT), _SECONDS).close()
        except (OSError, ValueError) as error:
            raise UserError(f"{self.where}: the database says: {error}") from None

    def _said(self, ask: Any) -> Any:  # noqa: ANN401 - the driver has no types
        try:
            return ask()
        except BaseException as error:
            # What the driver cannot do is a panic of its own, which is no Exception.
            if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                raise
            words = str(error).replace(self.uri, "…").strip().splitlines()
            raise UserError(f"{self.where}: the database says: {words[0] if words else 'nothing'}") from None


def _literal(value: object) -> str:
    """Write a value into a query; of text, no character is left that could end it."""
    if isinstance(value, str):
        return f"CONVERT(X'{value.encode().hex()}' USING utf8mb4)"
    if isinstance(value, date):
        return f"'{value}'"
    return str(value)
