"""What the intake is measured on: files of a million orders, a store with a history, and the same by hand in SQL."""

from __future__ import annotations

import os
import time
from pathlib import Path

import duckdb

import siyu

SCALE = float(os.environ.get("SIYU_BENCH_SCALE", "1"))
ROWS = int(1_000_000 * SCALE)
BAD = ROWS // 100
SHORT, LONG = 2 * ROWS, 20 * ROWS
MEMBERS = ROWS // 5
# The history ends where the files begin.
START = 1_790_000_000
KEY = "0123456789abcdef" * 4
FORMS = ("parquet", "csv")

BRAND = """
[brand]
name = "Bench"
[entry.till]
use = "files"
files = ["orders.{form}"]
type = "ordered"
id = "order_no"
member = "card:{{mobile}}"
time = "paid_at"
place = "shop"
subject = "category"
amount = "total"
quantity = "pieces"
"""


def files(folder: Path) -> None:
    """Write the orders as Parquet and as CSV; one in a hundred of the CSV's rows is bad, in one of four ways."""
    folder.mkdir(parents=True)
    orders = f"""
        SELECT 'o-' || i AS order_no, '138' || lpad((hash(i * 3) % {MEMBERS})::VARCHAR, 8, '0') AS mobile,
            make_timestamp(({START} + i * 3) * 1000000) AS paid_at, 'store-' || (hash(i * 11) % 200) AS shop,
            'cat-' || (hash(i * 13) % 12) AS category, ((hash(i * 17) % 50000) / 100.0)::DECIMAL(10, 2) AS total,
            (1 + hash(i * 19) % 5)::INTEGER AS pieces
        FROM range({ROWS}) AS numbers(i)"""
    flaws = {"mobile": "''", "paid_at": "'soon'", "total": "'free'", "pieces": "'1.5'"}
    bad = ", ".join(
        f"CASE WHEN i % 100 = 7 AND i // 100 % 4 = {place} THEN {flaw} ELSE {name}::VARCHAR END AS {name}"
        for place, (name, flaw) in enumerate(flaws.items())
    )
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({orders}) TO '{folder}/orders.parquet'")
        numbered = f"SELECT *, row_number() OVER () - 1 AS i FROM '{folder}/orders.parquet'"
        columns = "order_no, mobile, paid_at, shop, category, total, pieces"
        mended = f"SELECT {columns} FROM (SELECT * REPLACE ({bad}) FROM ({numbered}))"
        connection.execute(f"COPY ({mended}) TO '{folder}/orders.csv' (HEADER)")


def brand(folder: Path, form: str, history: int, source: Path) -> Path:
    """Make a brand with a store of so many older events, and one of the files."""
    (folder / ".siyu").mkdir(parents=True)
    (folder / ".siyu" / "key").write_text(KEY, encoding="ascii")
    (folder / "brand.toml").write_text(BRAND.format(form=form), encoding="utf-8")
    (folder / f"orders.{form}").symlink_to(source / f"orders.{form}")
    siyu.open(folder).close()
    with duckdb.connect(str(store(folder))) as connection:
        connection.execute(f"""
            INSERT INTO events BY NAME
            SELECT (hash(i * 7 + 1) >> 2)::BIGINT AS id, 'till' AS source, 'h-' || i AS source_id,
                (hash(i % {MEMBERS}) >> 2)::BIGINT AS member, 'ordered' AS type,
                make_timestamp(second * 1000000) AS time, second, (second // 86400)::INTEGER AS day, 'till' AS entry,
                'store-' || (hash(i * 11) % 200) AS place, 'cat-' || (hash(i * 13) % 12) AS subject,
                (hash(i * 17) % 50000)::BIGINT AS amount, 1::BIGINT AS quantity, i + 1 AS seq, 0::BIGINT AS run
            FROM (SELECT i, {START} - {history} + i AS second FROM range({history}) AS numbers(i))""")
    return folder


def store(folder: Path | str) -> Path:
    """Return where the brand's store is."""
    return Path(folder) / ".siyu" / "store.duckdb"


def by_siyu(folder: str, _form: str) -> float:
    """Read the entry, and close the store; return the seconds."""
    opened = siyu.open(folder)
    begin = time.perf_counter()
    opened.read("till")
    opened.close()
    return time.perf_counter() - begin


def by_hand(folder: str, form: str) -> float:
    """Do the same by one statement, with the same ids and the same look for what is known; return the seconds.

    It refuses no row: what is not of its type becomes null, and what lacks a needed value is left out.
    """
    scan = f"'{folder}/orders.parquet'" if form == "parquet" else f"read_csv('{folder}/orders.csv', all_varchar = true)"
    query = f"""
        INSERT INTO events BY NAME
        WITH given AS (
            SELECT *, TRY_CAST(paid_at AS TIMESTAMP) AS time, {_keyed("'till|' || order_no")} AS id,
                {_keyed("'card:' || mobile")} AS member, TRY_CAST(total AS DECIMAL(18, 2)) AS value,
                TRY_CAST(pieces AS DECIMAL(18, 2)) AS number
            FROM {scan}
        ), good AS (
            SELECT * FROM given
            WHERE mobile <> '' AND time IS NOT NULL AND value IS NOT NULL AND number = trunc(number)
        )
        SELECT id, 'till' AS source, order_no AS source_id, member, 'ordered' AS type, time,
            epoch_us(time) // 1000000 AS second, (epoch_us(time) // 86400000000)::INTEGER AS day, 'till' AS entry,
            shop AS place, category AS subject, (value * 100)::BIGINT AS amount, number::BIGINT AS quantity,
            {LONG} + row_number() OVER () AS seq, 1 AS run
        FROM good ANTI JOIN events USING (id)
        QUALIFY row_number() OVER (PARTITION BY id) = 1"""
    begin = time.perf_counter()
    with duckdb.connect(str(store(folder))) as connection:
        connection.execute(query)
        connection.execute("""
            INSERT INTO identities BY NAME SELECT 'card' AS kind, member AS value, member, min(second) AS since,
                0 AS seq, 1 AS run
            FROM events WHERE run = 1 GROUP BY member""")
    return time.perf_counter() - begin


def _keyed(text: str) -> str:
    return f"(('0x' || substr(sha256('{KEY}' || {text}), 1, 16))::UBIGINT >> 2)::BIGINT"


def held(folder: Path) -> tuple[int, int, int, int]:
    """Return how many events came in, what they are worth, how many people they are of, and how many were refused."""
    with duckdb.connect(str(store(folder))) as connection:
        events = "SELECT count(*), sum(amount)::BIGINT, count(DISTINCT member) FROM events WHERE run > 0"
        number, value, people = connection.execute(events).fetchall()[0]
        return number, value, people, connection.execute("SELECT count(*) FROM rejects").fetchall()[0][0]
