"""The default store: one DuckDB file, opened by one process."""

from __future__ import annotations

import secrets
import shutil
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from siyu.errors import StoreError
from siyu.keys import fingerprint
from siyu.stores.erasing import DUE, rewrite
from siyu.stores.schema import MIGRATIONS, VERSION, newest
from siyu.stores.session import AHEAD, Session
from siyu.tables import LOGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

__all__ = ["DuckStore"]

# From so many rows in all logs on, a pass may keep frames of many.
_LARGE = 100_000

# How long DuckDB's log of what was committed may get before all of it is written into the tables of the file, for which
# whoever commits waits: the longer, the larger the tables are. After a crash it takes a second to read so much again.
_UNWRITTEN = "64MB"


class DuckStore:
    """A brand's store.

    Attributes:
        path: The file, or None for a store in memory.
        last: The last ``seq`` that was given.
        numbering: Held while rows are given their ``seq`` and committed, so that it stays gapless.
        large: Whether there are many rows, for which DuckDB plans better than it does fast.
    """

    def __init__(self, path: Path | None, connection: duckdb.DuckDBPyConnection, keys: Sequence[str]) -> None:
        """Wrap an open connection; use ``open``."""
        self.path = path
        self.large = False
        self.numbering = threading.Lock()
        self._connection = connection
        self._keys = keys
        self._counting = threading.Lock()
        self._open = 0
        self.last = self._last("seq", LOGS)
        self._run = self._last("id", ("runs",))

    @classmethod
    def open(
        cls,
        path: Path | None,
        key: str,
        migrations: Mapping[int, Callable[[duckdb.DuckDBPyConnection], None]] = MIGRATIONS,
        *,
        environment: str = "production",
        newer: Sequence[str] = (),
    ) -> DuckStore:
        """Open a store, creating it or bringing it forward as needed.

        Args:
            path: The file; None for a store in memory.
            key: The brand's first secret key, that the ids of facts are made with.
            migrations: What brings a store to each version.
            environment: What the store is for; it is stamped with it once and for all.
            newer: The keys that followed the first, in their order; the last one is for new outside ids.

        Raises:
            StoreError: Another process has it open, it is not a store, it is newer than this release, or it was
                made with another key or for another environment.
        """
        connection = _connect(path)
        try:
            version = 0 if path is None else _version(path, connection, max(migrations))
            if 0 < version < max(migrations) and path is not None:
                connection.close()
                _back_up(path, version)
                connection = _connect(path)
            _forward(connection, version, migrations)
            _stamp(path, connection, "key", fingerprint(key))
            _rotate(path, connection, newer)
            _stamp(path, connection, "environment", environment)
            if version:
                _clear(connection)
            if version and path is not None and connection.execute("FROM meta WHERE name = ?", [DUE]).fetchall():
                connection.close()
                _rewritten(path)
                connection = _connect(path)
            return cls(path, connection, (key, *newer))
        except BaseException:
            connection.close()
            raise

    def session(self) -> Session:
        """Return a session over a cursor of its own; one for each pass, never shared by threads."""
        self.reckon(self.last)
        with self._counting:
            self._open += 1
            return Session(self, self._connection.cursor(), self._keys)

    def reckon(self, rows: int) -> None:
        """Plan statements from now on for so many rows in all logs, at least."""
        with self._counting:
            if rows > _LARGE and not self.large:
                self.large = True
                self._connection.cursor().execute("SET GLOBAL disabled_optimizers = ''")

    @contextmanager
    def opened(self) -> Iterator[Session]:
        """Open a session, and drop what it kept when it is done."""
        session = self.session()
        try:
            yield session
        finally:
            session.close()

    def next_run(self) -> int:
        """Return the number of a new run; a number may stay unused."""
        with self.numbering:
            self._run += 1
            return self._run

    def rewrite(self) -> bool:
        """Write the file anew, without a byte of what was deleted: see ``siyu.stores.erasing``.

        Returns:
            Whether it was done; not where a session is open or the disk is full: then it is when the store is opened
            next.
        """
        if self.path is None:
            return True
        with self.numbering, self._counting:
            if self._open:
                return False
            self._connection.close()
            try:
                rewrite(self.path)
            except (OSError, duckdb.Error):
                # As where the disk is full: the old file is still there, and says that it is due.
                return False
            finally:
                self._connection = _connect(self.path)
                self.large = False
            return True

    def released(self) -> None:
        """Count a session as closed."""
        with self._counting:
            self._open -= 1

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _last(self, column: str, tables: object) -> int:
        parts = (f'SELECT max("{column}") AS last FROM "{name}"' for name in tables)  # type: ignore[attr-defined]
        found = self._connection.execute(f"SELECT max(last) FROM ({' UNION ALL '.join(parts)})").fetchall()
        return found[0][0] or 0


def _connect(path: Path | None) -> duckdb.DuckDBPyConnection:
    # A configuration of its own makes DuckDB refuse a second opening in this process too. What a statement reads twice
    # DuckDB would plan twice, and so on inside of it: of few rows that takes longer than to read them.
    own: dict[str, str | bool | int | float | list[str]] = {
        "custom_user_agent": secrets.token_hex(8),
        "disabled_optimizers": "cte_inlining",
        "checkpoint_threshold": _UNWRITTEN,
    }
    try:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        return duckdb.connect(":memory:" if path is None else str(path), config=own)
    except (OSError, duckdb.Error) as error:
        raise StoreError(_refusal(path, str(error))) from None


def _refusal(path: Path | None, words: str) -> str:
    if "set lock" in words or "different configuration" in words:
        return f"{path}: another program has this store open; wait until it ends, or stop it\n  ({words})"
    return f"{path}: this file cannot be opened as a store; move it away, or name another in [brand] store\n  ({words})"


def _version(path: Path | None, connection: duckdb.DuckDBPyConnection, latest: int) -> int:
    """Return the version of a store; 0 where it is empty."""
    if not connection.execute("SELECT table_name FROM duckdb_tables()").fetchall():
        return 0
    try:
        found = connection.execute("SELECT value::INTEGER FROM meta WHERE name = 'schema_version'").fetchall()
    except duckdb.Error:
        found = []
    if not found:
        message = "this DuckDB file holds other tables and is no store of siyu; name another file in [brand] store"
        raise StoreError(f"{path}: {message}")
    version: int = found[0][0]
    if version > latest:
        message = f"{path}: the store has version {version}, this siyu reads up to {latest}; install a newer siyu"
        raise StoreError(message)
    return version


def _rewritten(path: Path) -> None:
    try:
        rewrite(path)
    except (OSError, duckdb.Error) as error:
        message = (
            f"{path}: somebody was erased, so it must be written anew, which failed; make room for it\n  ({error})"
        )
        raise StoreError(message) from None


def _back_up(path: Path, version: int) -> None:
    try:
        shutil.copy2(path, Path(f"{path}.backup-{version}"))
    except OSError as error:
        message = f"{path}: it must be copied before it is brought forward, which failed: {error.strerror}"
        raise StoreError(message) from None


def _forward(
    connection: duckdb.DuckDBPyConnection,
    version: int,
    migrations: Mapping[int, Callable[[duckdb.DuckDBPyConnection], None]],
) -> None:
    steps = [(step, migrations[step]) for step in range(version + 1, max(migrations) + 1)]
    if not version:
        # A store that is new has nothing to be brought forward.
        steps = [(VERSION, newest), *(one for one in steps if one[0] > VERSION)]
    for number, step in steps:
        connection.begin()
        try:
            step(connection)
            connection.execute("INSERT OR REPLACE INTO meta VALUES ('schema_version', ?)", [str(number)])
        except BaseException:
            connection.rollback()
            raise
        connection.commit()


_MISMATCH = {
    "key": "the store was made with another key, so its ids cannot be matched; restore that key ([brand] key), or "
    "name it as the first of [brand] older_keys",
    "environment": "the store was made for another environment; open it with its --env, or name another [brand] store",
}


def _stamp(path: Path | None, connection: duckdb.DuckDBPyConnection, name: str, value: str) -> None:
    """Stamp a store with a fact of its own, or refuse it where it was stamped with another one."""
    found = connection.execute("SELECT value FROM meta WHERE name = ?", [name]).fetchall()
    if not found:
        connection.execute("INSERT INTO meta VALUES (?, ?)", [name, value])
    elif found[0][0] != value:
        raise StoreError(f"{path}: {_MISMATCH[name]}")


def _clear(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop what a run wrote ahead that ended before its commit."""
    for (name,) in connection.execute("SELECT table_name FROM duckdb_tables() WHERE NOT temporary").fetchall():
        if AHEAD in name:
            connection.execute(f'DROP TABLE "{name}"')


def _rotate(path: Path | None, connection: duckdb.DuckDBPyConnection, newer: Sequence[str]) -> None:
    """Note which keys followed the first, or refuse the store where one of those that it knows is not among them."""
    found = connection.execute("SELECT value FROM meta WHERE name = 'newer_keys'").fetchall()
    known, given = found[0][0] if found else "", " ".join(fingerprint(key) for key in newer)
    if f"{given} ".startswith(f"{known} " if known else ""):
        connection.execute("INSERT OR REPLACE INTO meta VALUES ('newer_keys', ?)", [given])
        return
    words = "outside ids were hashed with further keys since; give them all, the oldest first, as [brand] older_keys"
    raise StoreError(f"{path}: {words}, and the newest as [brand] key")
