"""Erasing in SQL: rows deleted and rewritten, and then the whole file, as deleted rows leave their bytes in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
from attrs import frozen

from siyu.stores.names import identifier, literal
from siyu.tables import LOGS, STATE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from siyu.kinds import Frame

__all__ = ["DUE", "Eraser", "Sweep", "rewrite"]

_DELETED = ("addresses", "consents", "tag_changes")
_RENAMED = {"grants": "member", "touches": "recipient", "steps": "member", "exposures": "member", "accesses": "member"}
# What is said of a person is in these columns; the others are names of the config, and keys.
_UNSWEPT = {"configs", "runs", "identities", "measures", "prices"}
DUE = "rewriting"
"""The fact of a store that its file has to be written anew."""


@frozen
class Sweep:
    """A text that is replaced wherever it stands.

    Attributes:
        text: The text, which tells most rows apart at once.
        pattern: It with what may stand beside it.
        new: What takes the place of all that.
    """

    text: str
    pattern: str
    new: str


class Eraser:
    """Takes a person out of a store, inside an open transaction; the one exception to logs that only grow.

    Attributes:
        ids: The ids of the person.
        counts: How many rows were deleted or rewritten, by table.
    """

    def __init__(self, cursor: duckdb.DuckDBPyConnection, ids: Sequence[int], pseudonym: int) -> None:
        """Erase these ids; what must be kept of them goes by the pseudonym."""
        self._cursor, self.ids, self._pseudonym = cursor, list(ids), pseudonym
        self.counts: dict[str, int] = {}

    def erase(self, kept: Iterable[str]) -> None:
        """Delete what is known of the person; keep ledgers, and the events of some types, under the pseudonym.

        Args:
            kept: The types of events that the law asks to keep; those that a ledger's line names are kept besides.
        """
        for table in _DELETED:
            self._delete(table, "member IN (SELECT unnest($ids))")
        self._delete("links", "a IN (SELECT unnest($ids)) OR b IN (SELECT unnest($ids))")
        self._events(list(kept))
        mine = "touch IN (SELECT id FROM touches WHERE recipient IN (SELECT unnest($ids)))"
        self._update("receipts", "provider_id = NULL", f"provider_id IS NOT NULL AND {mine}")
        for table, column in _RENAMED.items():
            self._update(table, f"{column} = {self._pseudonym}", f"{column} IN (SELECT unnest($ids))")
        for state in STATE.values():
            if "member" in state.columns:
                self._delete(state.name, "member IN (SELECT unnest($ids))")
        # The next run builds all state anew.
        self._delete("folds", "true")
        self._cursor.execute("INSERT OR REPLACE INTO meta VALUES (?, 'due')", [DUE])

    def _events(self, kept: list[str]) -> None:
        caused = "SELECT cause FROM grants WHERE member IN (SELECT unnest($ids))"
        stays = f"(type IN (SELECT unnest($kept)) OR id::VARCHAR IN ({caused}))"
        mine = "member IN (SELECT unnest($ids))"
        gone = f"SELECT id FROM events WHERE {mine} AND NOT {stays}"
        self._delete("items", f"event IN ({gone})", kept=kept)
        self._delete("superseded", f"key IN ({gone})", kept=kept)
        self._delete("events", f"{mine} AND NOT {stays}", kept=kept)

    def keep(self, events: Frame) -> None:
        """Rewrite the events that stay, given as a kept frame: seq, props.

        Of their fields only those stay that the type itself needs, and a claim keeps the name that it was asked by.
        """
        named = "CASE WHEN events.type = 'claimed' THEN events.source_id END"
        change = f"member = {self._pseudonym}, props = kept.props, source_id = {named}"
        kept = events.to_native()  # noqa: F841 - DuckDB reads the variable by its name
        done = self._cursor.execute(f"UPDATE events SET {change} FROM kept WHERE events.seq = kept.seq").fetchall()
        self.counts["events"] += int(done[0][0])

    def sweep(self, sweeps: Sequence[Sweep]) -> None:
        """Replace texts wherever a log has them, as the outside id of a person in what is known of others."""
        for name, table in LOGS.items():
            columns = [column for column, dtype in table.schema.items() if str(dtype) == "String"]
            for column in columns if name not in _UNSWEPT else ():
                for one in sweeps:
                    self._swept(name, identifier(column), one)

    def _swept(self, table: str, column: str, sweep: Sweep) -> None:
        change = f"{column} = regexp_replace({column}, $pattern, $new, 'g')"
        where = f"contains({column}, $text) AND regexp_matches({column}, $pattern)"
        given = {"text": sweep.text, "pattern": sweep.pattern, "new": sweep.new}
        self._count(table, f"UPDATE {identifier(table)} SET {change} WHERE {where}", **given)

    def refused(self, digits: str, rows: Sequence[int]) -> None:
        """Delete rows of ``rejects``: those with these digits, however they are written, and those of a ``seq``."""
        if digits:
            bare = "regexp_replace(raw, '[^0-9]', '', 'g')"
            self._count("rejects", f"DELETE FROM rejects WHERE contains({bare}, $digits)", digits=digits)
        self._count("rejects", "DELETE FROM rejects WHERE seq IN (SELECT unnest($rows::BIGINT[]))", rows=list(rows))

    def _delete(self, table: str, where: str, **more: object) -> None:
        self._count(table, f"DELETE FROM {identifier(table)} WHERE {where}", **more)

    def _update(self, table: str, change: str, where: str) -> None:
        self._count(table, f"UPDATE {identifier(table)} SET {change} WHERE {where}")

    def _count(self, table: str, query: str, **values: object) -> None:
        given = values | ({"ids": self.ids} if "$ids" in query else {})
        text = query.replace("$ids", "$ids::BIGINT[]").replace("$kept", "$kept::VARCHAR[]")
        used = {name: value for name, value in given.items() if f"${name}" in query}
        done = self._cursor.execute(text, used).fetchall()
        self.counts[table] = self.counts.get(table, 0) + int(done[0][0])


def rewrite(path: Path) -> None:
    """Write a store's file anew, which nobody has open: what is deleted is in no byte of it, nor in its log.

    The old file stays in place until the new one is whole.
    """
    fresh = Path(f"{path}.anew")
    for part in (fresh, Path(f"{fresh}.wal")):
        part.unlink(missing_ok=True)
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH {literal(str(path))} AS old")
        connection.execute(f"ATTACH {literal(str(fresh))} AS fresh")
        connection.execute("COPY FROM DATABASE old TO fresh").fetchall()
        connection.execute("DELETE FROM fresh.meta WHERE name = ?", [DUE]).fetchall()
        connection.execute("DETACH fresh")
        connection.execute("DETACH old")
    fresh.replace(path)
    Path(f"{path}.wal").unlink(missing_ok=True)
