"""Claims on a stock of 10,000: a million in batches, and one by one from sixteen threads, also while a run goes on.

Beside them the same claims by PostgreSQL, one statement each from eight clients, and by SQLite. Each round runs in a
process and over a store of its own, and what was granted is counted. ``make bench NAME=incentives`` runs all;
SIYU_BENCH_SCALE=0.1 a tenth of it.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
from tests.bench.figures import part, told
from tests.bench.peers import settling as facts
from tests.bench.peers.audience import A_DAY, FIRST, MEMBERS, SCALE, filled, noon, store
from tests.bench.peers.claims import CLIENTS, STOCK, postgresql, programs, sqlite

import siyu

if TYPE_CHECKING:
    from siyu.brand import Brand

ITSELF = "tests.bench.incentives"
ROUNDS = 3
CLAIMS = int(1_000_000 * SCALE)
BATCH = 10_000
SINGLE = int(30_000 * SCALE)
THREADS = 16
DAYS = 30
# Every tenth claim or so is one of a member who asked before, and every hundredth the same claim once more.
ASKING = 600_000
AGAIN = 100
TOML = f"""
[incentive.sale]
use = "flash-sale"
from = 2022-01-08
items = [{{ sku = "G01", price = "99.00", was = "169.00", stock = {STOCK} }}]
unpaid = "1d"
[incentive.points]
use = "points"
from = 2022-01-08
earn = [{{ event = "ordered", per = "1.00", points = 1 }}]
"""


def made(folder: Path) -> Path:
    """Write a brand that nobody knows yet."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "brand.toml").write_text('[brand]\nname = "Bench"\nzone = "UTC"\n' + TOML, encoding="utf-8")
    return folder


def asked(count: int, seed: int = 1) -> list[tuple[int, int]]:
    """Return made-up claims: the request's number, and the member's."""
    drawn = random.Random(seed)
    claims = [(number, drawn.randrange(ASKING)) for number in range(count)]
    return [claims[drawn.randrange(place)] if place and place % AGAIN == 0 else one for place, one in enumerate(claims)]


def counted(folder: Path, requests: int) -> None:
    """Stop where not exactly the stock was granted, a member has two units, or a request has not one answer."""
    with duckdb.connect(str(store(folder)), read_only=True) as connection:
        granted = connection.execute(
            "SELECT count(*), count(DISTINCT member) FROM grants WHERE incentive = 'sale' AND kind = 'reserved'"
        ).fetchall()[0]
        answers = connection.execute(
            "SELECT count(*), count(DISTINCT request) FROM grants WHERE incentive = 'sale' AND cause_kind = 'claim'"
        ).fetchall()[0]
    assert granted == (min(STOCK, granted[0]), granted[0]), granted
    assert requests < 2 * STOCK or granted[0] == STOCK, granted
    assert answers == (requests, requests), (answers, requests)


def batches(folder: str) -> dict[str, float]:
    """Ask for all claims in batches, each durable when it is answered."""
    claims = asked(CLAIMS)
    frames = [
        pa.table(
            {
                "incentive": ["sale"] * len(some),
                "member": [f"wecom:wm{member:07d}" for _, member in some],
                "id": [f"req-{request:09d}" for request, _ in some],
            }
        )
        for some in (claims[start : start + BATCH] for start in range(0, len(claims), BATCH))
    ]
    now, longest, granted = noon(1), 0.0, 0
    with siyu.open(folder) as brand:
        begin = time.perf_counter()
        for frame in frames:
            started = time.perf_counter()
            granted += sum(answer.granted for answer in brand.claims(frame, now=now))
            longest = max(longest, time.perf_counter() - started)
        seconds = time.perf_counter() - begin
    begin = time.perf_counter()
    with siyu.open(folder) as brand:
        brand.claim("sale", member="wecom:wm0000001", id="req-000000000", now=now)
    opened = time.perf_counter() - begin
    counted(Path(folder), len({request for request, _ in claims}))
    return {"speed": len(claims) / seconds, "longest": longest, "opened": opened}


def single(folder: str) -> dict[str, float]:
    """Ask one by one from many threads, as fast as they get their answers."""
    claims = asked(SINGLE)
    with siyu.open(folder) as brand:
        brand.claim("sale", member="wecom:first", id="first", now=noon(1))
        figures = _asking(brand, [claims[first::THREADS] for first in range(THREADS)], threading.Event(), noon(1))
    counted(Path(folder), len({request for request, _ in claims}) + 1)
    return figures


def running(folder: str) -> dict[str, float]:
    """Ask one by one from many threads for as long as a run over all members goes on."""
    now, done, endless = noon(DAYS), threading.Event(), asked(50 * SINGLE)
    with siyu.open(folder) as brand, ThreadPoolExecutor(1) as pool:
        brand.claim("sale", member="wecom:first", id="first", now=now)
        begin = time.perf_counter()
        run = pool.submit(_run, brand, now, done)
        figures = _asking(brand, [endless[first::THREADS] for first in range(THREADS)], done, now)
        run.result()
        took = time.perf_counter() - begin
        counts = brand.table("members").to_native().aggregate("count(*)").fetchall()[0][0]
    with duckdb.connect(str(store(Path(folder)))) as connection:
        answers = connection.execute("SELECT count(*) FROM grants WHERE incentive = 'sale'").fetchall()[0][0]
    counted(Path(folder), answers)
    return {**figures, "run": took, "members": counts}


def _run(brand: Brand, now: int, done: threading.Event) -> None:
    try:
        brand.run(now=now)
    finally:
        done.set()


def _asking(brand: Brand, parts: list[list[tuple[int, int]]], done: threading.Event, now: int) -> dict[str, float]:
    """Ask from one thread a part until all is asked or ``done``; return claims a second, and their milliseconds."""

    def ask(part: list[tuple[int, int]]) -> list[float]:
        seconds = []
        for request, member in part:
            if done.is_set():
                break
            begin = time.perf_counter()
            brand.claim("sale", member=f"wecom:wm{member:07d}", id=f"req-{request:09d}", now=now)
            seconds.append(time.perf_counter() - begin)
        return seconds

    begin = time.perf_counter()
    with ThreadPoolExecutor(len(parts)) as pool:
        took = [one for some in pool.map(ask, parts) for one in some]
    speed = len(took) / (time.perf_counter() - begin)
    cuts = quantiles(took, n=1000)
    return {"speed": speed, "median": cuts[499] * 1000, "p99": cuts[989] * 1000, "longest": max(took) * 1000}


def peer(name: str, folder: str) -> dict[str, float]:
    """Ask the same of SQLite, in batches or one by one."""
    count, size = (CLAIMS, BATCH) if name == "batches" else (SINGLE, 1)
    return {"speed": sqlite(Path(folder) / "peer.sqlite", asked(count), size)}


PARTS = {"batches": batches, "single": single, "running": running, "settling": facts.settling}


def rounds(name: str) -> tuple[dict[str, float], dict[str, float]]:
    """Run a part and SQLite's beside it, one after the other; return the medians of each."""
    found: list[list[dict[str, float]]] = [[], []]
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as scratch:
            found[0].append(part(ITSELF, name, made(Path(scratch) / "brand")))
            found[1].append(part(ITSELF, "sqlite", name, scratch))
    own, other = ({key: median(one[key] for one in some) for key in some[0]} for some in found)
    return own, other


def beside_a_run() -> None:
    """Measure single claims while a run over all members goes on."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = filled(Path(scratch) / "brand", DAYS)
        with duckdb.connect(str(store(folder))) as connection:
            for statement in (_joined(), _known()):
                connection.execute(statement)
        (folder / "incentives.toml").write_text(TOML, encoding="utf-8")
        found = part(ITSELF, "running", folder)
    told("a run meanwhile", found["run"], "s")
    told("its members", found["members"], "members")
    told("single claims meanwhile: a second", found["speed"], "claims/s", least=1000)
    told("single claims meanwhile: median", found["median"], "ms")
    told("single claims meanwhile: p99", found["p99"], "ms", most=50)
    told("single claims meanwhile: longest", found["longest"], "ms")


def by_facts() -> None:
    """Measure what points, tiers, referrals and coupons cost: at first, for a day, for nothing, and in an audit."""
    print(f"what facts earn {facts.MEMBERS} members, by points, tiers, referrals and coupons")
    with tempfile.TemporaryDirectory() as scratch:
        for name, value in part(ITSELF, "settling", scratch).items():
            told(f"settling: {name}", value, "lines" if name.endswith("lines") else "CPU s")


def _joined() -> str:
    """Return the SQL that lets every member join on the first day."""
    begin = FIRST * 86_400
    return f"""INSERT INTO events BY NAME SELECT (hash(i * 23 + 5) >> 2)::BIGINT AS id, 'till' AS source,
        (hash(i) >> 2)::BIGINT AS member, 'joined' AS type, make_timestamp({begin}000000) AS time,
        {begin}::BIGINT AS second, {FIRST} AS day, 'shop' AS entry, {DAYS * A_DAY} + i + 1 AS seq, 0 AS run
        FROM range({MEMBERS}) AS numbers(i)"""


def _known() -> str:
    """Return the SQL that gives every member an outside id, among which those who claim are looked up."""
    return f"""INSERT INTO identities BY NAME SELECT 'till' AS kind, (hash(i) >> 2)::BIGINT AS value, value AS member,
        {FIRST * 86_400}::BIGINT AS since, {DAYS * A_DAY + MEMBERS} + i + 1 AS seq, 0 AS run
        FROM range({MEMBERS}) AS numbers(i)"""


def main() -> None:
    """Measure all, and print a line a figure."""
    print(f"{CLAIMS} claims in batches of {BATCH}, {SINGLE} single ones from {THREADS} threads, a stock of {STOCK}")
    own, other = rounds("batches")
    told("batches: claims a second", own["speed"], "claims/s", least=50_000)
    told("batches: longest batch", own["longest"] * 1000, "ms")
    told("batches: open the store again and ask", own["opened"], "s")
    told("batches: SQLite", other["speed"], "claims/s")
    own, other = rounds("single")
    told("single claims: a second", own["speed"], "claims/s", least=1000)
    told("single claims: median", own["median"], "ms")
    told("single claims: p99", own["p99"], "ms", most=50)
    told("single claims: longest", own["longest"], "ms")
    told("single claims: SQLite, one client", other["speed"], "claims/s")
    folder = programs()
    if folder is None:
        print("PostgreSQL is not measured: there is no server with pgbench here (apt-get install postgresql)")
    else:
        found = [postgresql(folder, SINGLE) for _ in range(ROUNDS)]
        told(f"single claims: PostgreSQL, {CLIENTS} clients", median(one for one, _ in found), "claims/s")
        told(f"single claims: PostgreSQL, {CLIENTS} clients, mean", median(one for _, one in found), "ms")
    beside_a_run()
    by_facts()


if __name__ == "__main__":
    if sys.argv[1:2] == ["sqlite"]:
        print(json.dumps(peer(*sys.argv[2:])))
    elif len(sys.argv) > 1:
        print(json.dumps(PARTS[sys.argv[1]](*sys.argv[2:])))
    else:
        main()
