from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import narwhals as nw
import pytest

from siyu.errors import StoreError
from siyu.stores.duckdb import DuckStore
from siyu.stores.schema import MIGRATIONS, VERSION, newest
from siyu.tables import LOGS, TABLES

KEY = "0123"
HOLDER = """
import sys
from pathlib import Path
from siyu.stores.duckdb import DuckStore
store = DuckStore.open(Path(sys.argv[1]), sys.argv[2])
print("open", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "store.duckdb"


def filled(path: Path) -> None:
    """Make a store with one row of costs."""
    store = DuckStore.open(path, KEY)
    append(store, "costs", [7])
    store.close()


def append(store: DuckStore, table: str, numbers: list[int], *, keep: bool = True) -> None:
    """Append rows that have only an amount, and an id where the table has one."""
    columns = LOGS[table].columns
    with store.opened() as session, session.writing(store.next_run(), keep=keep) as writer:
        values = {name: numbers if name in {"id", "amount"} else [None] * len(numbers) for name in columns}
        writer.append(table, session.engine.frame(values, columns))


def costs(store: DuckStore) -> list[tuple[int, int]]:
    with store.opened() as session:
        return sorted(session.engine.rows(session.table("costs").select("seq", "amount")))


def version(path: Path) -> str:
    with duckdb.connect(str(path), read_only=True) as connection:
        return str(connection.execute("SELECT value FROM meta WHERE name = 'schema_version'").fetchall()[0][0])


@contextmanager
def another_process(path: Path) -> Iterator[None]:
    """Hold a store open in another process."""
    command = [sys.executable, "-c", HOLDER, str(path), KEY]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        yield
        holder.communicate()


def adds_a_table(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("CREATE TABLE later (id BIGINT)")
    connection.execute("INSERT INTO later SELECT amount FROM costs")


def fails_half_way(connection: duckdb.DuckDBPyConnection) -> None:
    adds_a_table(connection)
    connection.execute("DROP TABLE costs")
    raise RuntimeError("half-way")


def takes_it_away_and_fails(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("DROP TABLE later")
    raise RuntimeError("half-way")


def test_a_new_store_has_every_table_and_the_newest_version(path: Path) -> None:
    DuckStore.open(path, KEY).close()
    assert version(path) == str(VERSION)
    with duckdb.connect(str(path), read_only=True) as connection:
        found = connection.execute("SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal").fetchall()
    assert set(found) == {(table.name, column) for table in TABLES.values() for column in table.schema}


def test_every_version_has_its_migration() -> None:
    assert sorted(MIGRATIONS) == list(range(1, VERSION + 1))


def test_a_new_store_is_what_all_migrations_leave() -> None:
    found = []
    for steps in ([newest], MIGRATIONS.values()):
        with duckdb.connect() as connection:
            for step in steps:
                step(connection)
            columns = "table_name, column_index, column_name, data_type"
            held = connection.execute(f"SELECT {columns} FROM duckdb_columns() WHERE NOT internal ORDER BY ALL")
            keys = "SELECT table_name, constraint_text FROM duckdb_constraints() ORDER BY ALL"
            found.append((held.fetchall(), connection.execute(keys).fetchall()))
    assert found[0] == found[1]


def test_a_store_is_brought_forward_after_a_backup(path: Path) -> None:
    filled(path)
    store = DuckStore.open(path, KEY, {**MIGRATIONS, VERSION + 1: adds_a_table})
    with store.opened() as session:
        assert session.cursor.execute("FROM later").fetchall() == [(7,)]
    assert costs(store) == [(1, 7)]
    store.close()
    assert version(path) == str(VERSION + 1)
    backup = path.with_name(f"{path.name}.backup-{VERSION}")
    assert version(backup) == str(VERSION)
    old = DuckStore.open(backup, KEY)
    assert costs(old) == [(1, 7)]
    old.close()


def test_ids_that_a_store_knows_are_keyed_by_their_hash_alone(path: Path) -> None:
    filled(path)
    known = [("wecom", 7, 7, 1, 5, 1), ("phone", 8, 7, 2, 6, 1)]
    with duckdb.connect(str(path)) as connection:
        connection.execute("DROP TABLE identities")
        columns = "kind VARCHAR, value BIGINT, member BIGINT, since BIGINT, seq BIGINT, run BIGINT"
        connection.execute(f"CREATE TABLE identities ({columns}, PRIMARY KEY (kind, value))")
        connection.executemany("INSERT INTO identities VALUES (?, ?, ?, ?, ?, ?)", known)
        connection.execute("UPDATE meta SET value = '7' WHERE name = 'schema_version'")
    DuckStore.open(path, KEY).close()
    with duckdb.connect(str(path)) as connection:
        assert connection.execute("FROM identities ORDER BY seq").fetchall() == known
        with pytest.raises(duckdb.ConstraintException):
            connection.execute("INSERT INTO identities VALUES ('email', 7, 7, 3, 7, 1)")


def test_a_store_of_the_newest_version_is_not_copied(path: Path) -> None:
    filled(path)
    DuckStore.open(path, KEY).close()
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_migration_that_fails_half_way_leaves_the_store_as_it_was(path: Path) -> None:
    filled(path)
    broken = {**MIGRATIONS, VERSION + 1: fails_half_way}
    with pytest.raises(RuntimeError, match="half-way"):
        DuckStore.open(path, KEY, broken)
    assert version(path) == str(VERSION)
    store = DuckStore.open(path, KEY)
    assert costs(store) == [(1, 7)]
    with store.opened() as session:
        tables = session.cursor.execute("SELECT table_name FROM duckdb_tables() WHERE NOT temporary").fetchall()
    assert {name for (name,) in tables} == set(TABLES)
    store.close()


def test_versions_are_passed_one_after_the_other(path: Path) -> None:
    filled(path)
    with pytest.raises(RuntimeError, match="half-way"):
        DuckStore.open(path, KEY, {**MIGRATIONS, VERSION + 1: adds_a_table, VERSION + 2: takes_it_away_and_fails})
    assert version(path) == str(VERSION + 1)
    store = DuckStore.open(path, KEY, {**MIGRATIONS, VERSION + 1: adds_a_table})
    with store.opened() as session:
        assert session.cursor.execute("FROM later").fetchall() == [(7,)]
    store.close()


def test_a_newer_store_is_refused(path: Path) -> None:
    filled(path)
    DuckStore.open(path, KEY, {**MIGRATIONS, VERSION + 1: adds_a_table}).close()
    with pytest.raises(StoreError, match="install a newer siyu") as refused:
        DuckStore.open(path, KEY)
    assert str(path) in str(refused.value)
    assert version(path) == str(VERSION + 1)


def test_another_key_is_refused(path: Path) -> None:
    filled(path)
    with pytest.raises(StoreError, match=r"made with another key.*restore that key"):
        DuckStore.open(path, "4567")
    store = DuckStore.open(path, KEY)
    assert costs(store) == [(1, 7)]
    store.close()


def test_the_key_itself_is_not_in_the_store(path: Path) -> None:
    secret = "5eed" * 16
    DuckStore.open(path, secret).close()
    assert secret.encode() not in path.read_bytes()


def test_a_second_opening_in_this_process_is_refused(path: Path) -> None:
    store = DuckStore.open(path, KEY)
    with pytest.raises(StoreError, match="another program has this store open; wait until it ends"):
        DuckStore.open(path, KEY)
    append(store, "costs", [1])
    store.close()
    again = DuckStore.open(path, KEY)
    assert costs(again) == [(1, 1)]
    again.close()


def test_a_second_opening_in_another_process_is_refused(path: Path) -> None:
    filled(path)
    with another_process(path), pytest.raises(StoreError, match="another program has this store open; wait"):
        DuckStore.open(path, KEY)
    store = DuckStore.open(path, KEY)
    assert costs(store) == [(1, 7)]
    store.close()


def test_what_is_no_store_is_refused_and_left_alone(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("a lock, or a block of text, but no DuckDB file")
    with pytest.raises(StoreError, match="cannot be opened as a store; move it away, or name another"):
        DuckStore.open(path, KEY)
    assert path.read_text().startswith("a lock")
    with pytest.raises(StoreError, match="cannot be opened as a store"):
        DuckStore.open(path.parent, KEY)
    with pytest.raises(StoreError, match="cannot be opened as a store"):
        DuckStore.open(path / "below" / "store.duckdb", KEY)


@pytest.mark.parametrize(
    "table",
    ["CREATE TABLE mine (a INTEGER)", "CREATE TABLE meta (a INTEGER)", "CREATE TABLE meta (name TEXT, value TEXT)"],
)
def test_a_duckdb_file_of_somebody_else_is_refused(path: Path, table: str) -> None:
    path.parent.mkdir()
    with duckdb.connect(str(path)) as connection:
        connection.execute(table)
    with pytest.raises(StoreError, match="no store of siyu; name another file") as refused:
        DuckStore.open(path, KEY)
    assert str(path) in str(refused.value)


def test_seq_is_gapless_over_tables_and_openings(path: Path) -> None:
    store = DuckStore.open(path, KEY)
    append(store, "costs", [30, 10, 20])
    append(store, "prices", [0, 0])
    append(store, "costs", [5])
    assert costs(store) == [(1, 30), (2, 10), (3, 20), (6, 5)]
    assert store.last == 6
    store.close()
    again = DuckStore.open(path, KEY)
    assert again.last == 6
    append(again, "costs", [8])
    assert costs(again)[-1] == (7, 8)
    again.close()


def test_what_is_rolled_back_leaves_no_gap() -> None:
    store = DuckStore.open(None, KEY)
    append(store, "costs", [1])
    append(store, "costs", [2, 3], keep=False)
    with pytest.raises(duckdb.ConstraintException):
        append(store, "grants", [4, 4])
    assert store.last == 1
    append(store, "costs", [5])
    assert costs(store) == [(1, 1), (2, 5)]
    store.close()


def test_a_snapshot_does_not_see_what_is_committed_meanwhile() -> None:
    store = DuckStore.open(None, KEY)
    append(store, "costs", [1])
    with store.opened() as session, session.reading():
        before = session.engine.rows(session.table("costs").select(nw.len()))
        append(store, "costs", [2])
        assert session.engine.rows(session.table("costs").select(nw.len())) == before == [(1,)]
    assert len(costs(store)) == 2
    store.close()


def test_runs_go_on_counting_after_an_opening(path: Path) -> None:
    store = DuckStore.open(path, KEY)
    assert [store.next_run(), store.next_run()] == [1, 2]
    with store.opened() as session, session.writing(2) as writer:
        columns = LOGS["runs"].columns
        writer.append("runs", session.engine.frame({name: [2 if name == "id" else None] for name in columns}, columns))
    store.close()
    again = DuckStore.open(path, KEY)
    assert again.next_run() == 3
    again.close()


def test_two_rows_of_one_id_are_refused_by_the_ledger() -> None:
    store = DuckStore.open(None, KEY)
    append(store, "grants", [1])
    with pytest.raises(duckdb.ConstraintException):
        append(store, "grants", [1])
    assert store.last == 1
    store.close()


def test_what_was_written_ahead_takes_its_place_in_the_commit(path: Path) -> None:
    store = DuckStore.open(path, KEY)
    with store.opened() as session:
        pairs = session.engine.frame({"member": [7]}, {"member": nw.Int64()})
        session.write_ahead("pairs", pairs, 3)
        assert session.engine.rows(session.table("pairs").select(nw.len())) == [(0,)]
        with session.writing(3) as writer:
            writer.replace("pairs", pairs)
    assert tables(path, store) >= {"pairs"}
    again = DuckStore.open(path, KEY)
    with again.opened() as session:
        assert session.engine.rows(session.table("pairs")) == [(7,)]
    again.close()


def test_what_was_written_ahead_before_a_crash_is_gone_at_the_next_opening(path: Path) -> None:
    store = DuckStore.open(path, KEY)
    session = store.session()
    session.write_ahead("pairs", session.engine.frame({"member": [7]}, {"member": nw.Int64()}), 3)
    assert "pairs~3" in tables(path, store)
    assert not [name for name in tables(path, DuckStore.open(path, KEY)) if "~" in name]


def tables(path: Path, store: DuckStore) -> set[str]:
    """Close a store; return what tables its file has."""
    store.close()
    with duckdb.connect(str(path)) as connection:
        return {name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
