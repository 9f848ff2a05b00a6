"""Databases are asked for what is new: real servers, started here and stopped afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from tests.brands import HEAD, folder, opened, rows

from siyu.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from siyu.brand import Brand

ENTRY = (
    HEAD
    + """
[entry.crm]
use = "database"
uri = { env = "SIYU_TEST_URI" }
query = "SELECT * FROM orders;"
cursor = "changed"
type = "ordered"
id = "order_no"
member = "card:{mobile}"
time = "paid_at"
amount = "total"
quantity = "pieces"
"""
)
TABLE = (
    "CREATE TABLE orders (order_no TEXT, mobile TEXT, paid_at TIMESTAMP, total NUMERIC(10, 2), pieces INT, changed INT)"
)


def _programs() -> Path | None:
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return places[-1].parent if places else None


def _plain_user() -> str | None:
    """Return a user who is not root, as the server demands; None for oneself."""
    if os.getuid():
        return None
    known = {user.pw_name for user in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in known), None)


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    """Start a server that listens on a socket of its own alone, and give its URI."""
    pytest.importorskip("adbc_driver_postgresql")
    programs = _programs()
    if programs is None:
        pytest.skip("there is no PostgreSQL server here: apt-get install postgresql")
    user = _plain_user()
    # A path of a socket may not be long.
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as scratch:
        if user:
            shutil.chown(scratch, user)
        data, control = f"{scratch}/data", (str(programs / "pg_ctl"), "-D", f"{scratch}/data", "-w")
        _done(user, programs / "initdb", "-D", data, "-U", "siyu", "-A", "trust", "--no-sync")
        options = f"-k {scratch} -c listen_addresses='' -c fsync=off"
        _done(user, *control, "-o", options, "-l", f"{scratch}/log", "start")
        try:
            yield f"postgresql://siyu@/postgres?host={scratch}"
        finally:
            _done(user, *control, "-m", "immediate", "stop")


def _done(user: str | None, *command: str | Path) -> None:
    subprocess.run(command, check=True, user=user, stdout=subprocess.DEVNULL, cwd="/")


@pytest.fixture(scope="module")
def mysql() -> Iterator[str]:
    """Start a server on loopback, and give its URI."""
    pytest.importorskip("connectorx")
    server = shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin")
    if server is None:
        pytest.skip("there is no MariaDB server here: apt-get install mariadb-server-core")
    with tempfile.TemporaryDirectory(prefix="my-", dir="/tmp") as scratch:
        user, port = _plain_user(), _free_port()
        (data := Path(scratch) / "data").mkdir()
        if user:
            shutil.chown(scratch, user)
            shutil.chown(data, user)
        # Without the tables of users everybody may come in, by loopback.
        options = ["--no-defaults", "--skip-grant-tables", f"--datadir={data}", f"--socket={scratch}/socket"]
        options += ["--bind-address=127.0.0.1", f"--port={port}", f"--log-error={scratch}/log"]
        options += [f"--user={user}"] if user else []
        with subprocess.Popen([server, *options]) as running:
            try:
                yield _listening(f"mysql://root@127.0.0.1:{port}/shop")
            finally:
                running.kill()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def _listening(uri: str) -> str:
    """Wait until a server takes connections, and make its database."""
    import pymysql

    until = time.monotonic() + 60
    while True:
        try:
            with pymysql.connect(host="127.0.0.1", port=urlsplit(uri).port or 0, user="root") as connection:
                connection.cursor().execute("CREATE DATABASE shop")
                return uri
        except pymysql.err.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


@pytest.fixture(params=["postgresql", "mysql", "sqlite"])
def uri(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param != "sqlite":
        found: str = request.getfixturevalue(request.param)
        return found
    pytest.importorskip("adbc_driver_sqlite")
    return f"sqlite:///{tmp_path}/shop's.db"


@pytest.fixture
def ask(uri: str) -> Callable[..., None]:
    """Write to the database, as its owner does."""

    def write(*statements: str) -> None:
        if uri.startswith("sqlite"):
            import sqlite3

            with sqlite3.connect(uri.removeprefix("sqlite:///")) as connection:
                for one in statements:
                    connection.execute(one)
            connection.close()
            return
        if uri.startswith("mysql"):
            import pymysql

            with pymysql.connect(
                host="127.0.0.1", port=urlsplit(uri).port or 0, user="root", database="shop", autocommit=True
            ) as connection:
                for one in statements:
                    connection.cursor().execute(one)
            return
        from adbc_driver_postgresql import dbapi

        with dbapi.connect(uri) as connection, connection.cursor() as cursor:
            for one in statements:
                cursor.execute(one)
            connection.commit()

    write("DROP TABLE IF EXISTS orders", TABLE)
    return write


@pytest.fixture
def brand(uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Brand]:
    monkeypatch.setenv("SIYU_TEST_URI", uri)
    with opened(folder(tmp_path / "brand", ENTRY)) as made:
        yield made


def order(number: int, changed: object, *, day: int = 1, total: str = "1.50") -> str:
    return f"INSERT INTO orders VALUES ('o{number}', '138{number}', '2026-11-0{day} 10:00:00', {total}, 2, {changed})"


def names(brand: Brand) -> list[str]:
    return [name for (name,) in rows(brand, "events", "source_id")]


def test_rows_come_in_once_also_those_that_tie(ask: Callable[..., None], brand: Brand) -> None:
    ask(order(1, 5), order(2, 7), order(3, 7), order(9, "NULL"))
    assert brand.read("crm").counts["events"] == 3
    ask(order(4, 7), order(5, 8))
    counts = brand.read("crm").counts
    assert (counts["events"], counts["rejects"]) == (2, 0)
    assert sorted(names(brand)) == ["o1", "o2", "o3", "o4", "o5"]
    assert brand.read("crm").counts.get("events", 0) == 0
    assert rows(brand, "events", "amount", "quantity", "second")[0] == (150, 2, 1_793_527_200)
    assert rows(brand, "cursors", "cursor")[-1] == ('["int", "8"]',)


def test_bad_rows_are_rejects(ask: Callable[..., None], brand: Brand) -> None:
    ask(order(1, 1), "INSERT INTO orders VALUES ('o2', NULL, '2026-11-01 10:00:00', 1, 1, 2)", order(3, 3))
    counts = brand.read("crm").counts
    assert (counts["events"], counts["rejects"]) == (2, 1)
    assert rows(brand, "rejects", "source", "line", "reason") == [("query", 2, "member: there is no value")]


def test_the_same_id_with_other_content_is_a_reject(ask: Callable[..., None], brand: Brand) -> None:
    ask(order(1, 1))
    brand.read("crm")
    ask("UPDATE orders SET total = 9, changed = 2")
    assert brand.read("crm").counts == {"rejects": 1, "events": 0}


def test_many_rows_come_in_batches(uri: str, ask: Callable[..., None], brand: Brand) -> None:
    numbers = {
        "postgresql": "generate_series(1, 300000) AS numbers(i)",
        "mysql": "(SELECT seq AS i FROM seq_1_to_300000) AS numbers",
        "sqlite": "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT i FROM n)",
    }[urlsplit(uri).scheme]
    names_of = "CONCAT('o', i), CONCAT('138', i % 999)" if "mysql" in uri else "'o' || i, '138' || i % 999"
    ask(f"INSERT INTO orders SELECT {names_of}, '2026-11-01 10:00:00', 1.5, 2, i / 7 FROM {numbers}")
    assert brand.read("crm").counts["events"] == 300_000
    assert len({name for (name,) in rows(brand, "events", "source_id")}) == 300_000


@pytest.mark.parametrize("kind", ["TIMESTAMP", "DATE", "TEXT"])
def test_other_cursors(ask: Callable[..., None], brand: Brand, uri: str, kind: str) -> None:
    ask("DROP TABLE orders", TABLE.replace("changed INT", f"changed {kind}"))
    ask(order(1, "'2026-11-01'"), order(2, "'2026-11-03'"))
    assert brand.read("crm").counts["events"] == 2
    ask(order(3, "'2026-11-03'"), order(4, "'2026-11-04'"), order(5, "'2026-11-02'"))
    brand.read("crm")
    assert sorted(names(brand)) == ["o1", "o2", "o3", "o4"], uri


def test_it_cannot_write(ask: Callable[..., None], uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from siyu_plugins.entries._drivers import reading

    ask(order(1, 1))
    monkeypatch.setenv("SIYU_TEST_URI", uri)
    with pytest.raises(UserError, match=r"(?i)read.?only"), reading(uri, str(tmp_path)) as database:
        list(database.batches("DELETE FROM orders", "", None))


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        (("SELECT * FROM orders;", "SELECT * FROM nothing"), "the database says: .*nothing"),
        (('"changed"', '"total_"'), "the database says|no column of the query"),
        (("{mobile}", "{phone}"), "names the column 'phone'"),
    ],
)
def test_mistakes_say_what_is_wrong(
    ask: Callable[..., None],
    uri: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    mistake: tuple[str, str],
    words: str,
) -> None:
    before, after = mistake
    ask(order(1, 1))
    monkeypatch.setenv("SIYU_TEST_URI", uri)
    with (
        opened(folder(tmp_path / "brand", ENTRY.replace(before, after))) as brand,
        pytest.raises(UserError, match=words) as error,
    ):
        brand.read("crm")
    assert uri not in str(error.value)


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("oracle://secret@host/db", "begins with none of"),
        ("postgresql://siyu:secret@127.0.0.1:1/db", "the database says"),
        ("mysql://siyu:secret@127.0.0.1:1/db", "the database says"),
        ("sqlite:////nowhere/none.db", "the database says"),
    ],
)
def test_what_cannot_be_reached_is_said_without_the_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uri: str, words: str
) -> None:
    pytest.importorskip("adbc_driver_postgresql")
    monkeypatch.setenv("SIYU_TEST_URI", uri)
    with opened(folder(tmp_path, ENTRY)) as brand, pytest.raises(UserError, match=words) as error:
        brand.read("crm")
    assert "secret" not in str(error.value)
