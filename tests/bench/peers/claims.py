"""Claims on a stock by PostgreSQL and by SQLite: one statement a claim, durable, with the same rules."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import sqlite3
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

STOCK = 10_000
CLIENTS = 8

# Who asks twice gets the first answer; a member gets one unit; the stock is a row that those who find some left lock.
_SCHEMA = """
CREATE TABLE stock (item TEXT PRIMARY KEY, remaining BIGINT NOT NULL);
CREATE TABLE claims (request BIGINT PRIMARY KEY, member BIGINT NOT NULL, kind TEXT NOT NULL);
CREATE UNIQUE INDEX one_each ON claims (member) WHERE kind = 'granted';
"""
_CLAIM = r"""
\set request random(1, 1000000000000)
\set member random(1, 600000)
WITH taken AS (
  UPDATE stock SET remaining = remaining - 1
  WHERE item = 'G01' AND remaining > 0
    AND NOT EXISTS (SELECT 1 FROM claims WHERE request = :request)
    AND NOT EXISTS (SELECT 1 FROM claims WHERE member = :member AND kind = 'granted')
  RETURNING 1)
INSERT INTO claims
SELECT :request, :member, CASE WHEN EXISTS (SELECT 1 FROM taken) THEN 'granted' ELSE 'refused' END
ON CONFLICT (request) DO NOTHING RETURNING kind;
"""


def programs() -> Path | None:
    """Return where PostgreSQL's programs are; None where there are none, or not the one that asks."""
    found = shutil.which("initdb")
    places = [Path(found).resolve()] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    folder = places[-1].parent if places else None
    return folder if folder and (folder / "pgbench").exists() else None


@contextmanager
def server(folder: Path) -> Iterator[tuple[str, ...]]:
    """Start a server of its own on a socket, durable as it is by default; give how its client is called."""
    user = None
    if not os.getuid():
        known = {one.pw_name for one in pwd.getpwall()}
        user = next(name for name in ("postgres", "nobody") if name in known)
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as scratch:
        if user:
            shutil.chown(scratch, user)
        control = (str(folder / "pg_ctl"), "-D", f"{scratch}/data", "-w")
        _done(user, str(folder / "initdb"), "-D", f"{scratch}/data", "-U", "siyu", "-A", "trust")
        _done(user, *control, "-o", f"-k {scratch} -c listen_addresses=''", "-l", f"{scratch}/log", "start")
        try:
            yield ("-h", scratch, "-U", "siyu", "postgres")
        finally:
            _done(user, *control, "-m", "immediate", "stop")


def _done(user: str | None, *command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, user=user, cwd="/")


def postgresql(folder: Path, claims: int) -> tuple[float, float]:
    """Ask for so many claims from eight clients; return the claims a second, and the mean of their milliseconds."""
    with server(folder) as client, tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(_CLAIM)
        script.flush()
        _psql(folder, client, _SCHEMA + f"INSERT INTO stock VALUES ('G01', {STOCK});")
        each = ("-n", "-c", str(CLIENTS), "-j", "2", "-t", str(claims // CLIENTS), "-f", script.name)
        done = subprocess.run(
            [str(folder / "pgbench"), *each, *client], check=True, capture_output=True, text=True, timeout=300
        )
        granted = int(_psql(folder, client, "SELECT count(*) FROM claims WHERE kind = 'granted'"))
        left = int(_psql(folder, client, "SELECT remaining FROM stock"))
        assert granted + left == STOCK, (granted, left)
    figures = [re.search(rf"{name} = ([0-9.]+)", done.stdout) for name in ("tps", "latency average")]
    speed, latency = (float(found[1]) if found else 0.0 for found in figures)
    return speed, latency


def _psql(folder: Path, client: Sequence[str], text: str) -> str:
    command = [str(folder / "psql"), "-qAt", "-v", "ON_ERROR_STOP=1", "-c", text, *client]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def sqlite(path: Path, claims: Sequence[tuple[int, int]], size: int) -> float:
    """Ask for claims, given as request and member, so many in one durable commit; return the claims a second."""
    with sqlite3.connect(path, isolation_level=None) as connection:
        connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;" + _SCHEMA)
        connection.execute("INSERT INTO stock VALUES ('G01', ?)", [STOCK])
        begin = time.perf_counter()
        for start in range(0, len(claims), size):
            connection.execute("BEGIN IMMEDIATE")
            for request, member in claims[start : start + size]:
                _claimed(connection, request, member)
            connection.execute("COMMIT")
        seconds = time.perf_counter() - begin
        ((granted,),) = connection.execute("SELECT count(*) FROM claims WHERE kind = 'granted'").fetchall()
        ((left,),) = connection.execute("SELECT remaining FROM stock").fetchall()
    assert granted + left == STOCK, (granted, left)
    return len(claims) / seconds


def _claimed(connection: sqlite3.Connection, request: int, member: int) -> None:
    taken = connection.execute(
        "UPDATE stock SET remaining = remaining - 1 WHERE item = 'G01' AND remaining > 0 "
        "AND NOT EXISTS (SELECT 1 FROM claims WHERE request = ?1) "
        "AND NOT EXISTS (SELECT 1 FROM claims WHERE member = ?2 AND kind = 'granted')",
        (request, member),
    ).rowcount
    kind = "granted" if taken else "refused"
    connection.execute("INSERT INTO claims VALUES (?, ?, ?) ON CONFLICT (request) DO NOTHING", (request, member, kind))
