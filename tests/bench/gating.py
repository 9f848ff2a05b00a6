"""The gate over five proposals for each of a million members, with a history of touches, consents and zones.

The peer does what these rules ask by one statement of SQL, and comes to the same, which is checked. Gating is from the
proposals, as campaigns and contents left them, to a verdict with its reason on each; to write them
into the log is told apart. ``make bench NAME=gating`` runs it, and NAME=delivery too; SIYU_BENCH_SCALE=0.1 a tenth.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from tests.bench.figures import part, told
from tests.bench.peers.gating import by_hand

import siyu
from siyu.stages.gate import gate
from siyu.stages.record import record

if TYPE_CHECKING:
    from siyu.stores.session import Session
    from siyu.work import Work

SCALE = float(os.environ.get("SIYU_BENCH_SCALE", "1"))
MEMBERS = int(1_000_000 * SCALE)
EACH = 5
# The touches of before have other ids than the proposals.
FIRST = 1_000_000_000
ROUNDS = 3
MOST = 8.0
ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/New_York")
NOW = "2026-11-20T12:00:00Z"
OF = "CREATE OR REPLACE TEMP MACRO of(i) AS (hash(i) >> 2)::BIGINT"
TOML = """
[brand]
name = "Bench"
[gate]
quiet = "21:00-09:00"
caps = [{ times = 1, per = "day" }, { times = 3, per = "week" }, { times = 2, within = "7d", channel = "sms" }]
distance = "4h"
brake = { least = 1000000000 }
[channel.wecom]
use = "console"
[channel.sms]
use = "console"
"""


def filled(session: Session, now: int) -> str:
    """Fill the tables of a store and return the SQL of the proposals; ids are spread out as hashes are."""
    session.cursor.execute(f"""
        {OF};
        INSERT INTO members BY NAME SELECT of(i) AS member, 'till' AS entry, 20000 AS joined,
            [{", ".join(f"'{zone}'" for zone in ZONES)}, NULL][1 + i % 4] AS zone
            FROM range({MEMBERS}) AS t(i);
        INSERT INTO consents BY NAME SELECT of(i) AS member, ['*', 'wecom'][1 + i % 2] AS channel, '*' AS purpose,
            CASE WHEN i % 20 = 0 THEN 'withdrawn' ELSE 'granted' END AS state, 1 AS time, i AS seq, 0 AS run
            FROM range({MEMBERS}) AS t(i) WHERE i % 50 > 0;
        INSERT INTO events BY NAME SELECT of(i) AS id, of(i) AS member, 'complained' AS type,
            {now} - 86400 AS second, 20000 AS day, i::VARCHAR AS ref, i AS seq, 0 AS run
            FROM range(0, {MEMBERS}, 100) AS t(i);
        INSERT INTO touches BY NAME SELECT of({FIRST} + i) AS id, of(i * 7 % {MEMBERS}) AS recipient,
            'member' AS recipient_kind, 'old' AS campaign, 1 AS edition, 'send' AS step, i::VARCHAR AS occurrence,
            'hi' AS content, ['wecom', 'sms'][1 + i % 2] AS channel, 'marketing' AS purpose, 0 AS priority,
            {now} - 864000 AS due, {now} AS until, i AS seq, 0 AS run FROM range({2 * MEMBERS}) AS t(i);
        INSERT INTO receipts BY NAME SELECT of({FIRST} + i) AS touch, state, {now} - i % 1000000 AS time,
            3 * i + place AS seq, 0 AS run FROM range({2 * MEMBERS}) AS t(i),
            (VALUES (0, 'queued'), (1, 'sending'), (2, 'sent')) AS states(place, state);
    """)
    names = ("slot", "version", "branch", "offer", "sender", "arm")
    empty = ", ".join(f"NULL::VARCHAR AS {name}" for name in names)
    return f"""SELECT of(i) AS id, of(i % {MEMBERS}) AS recipient, 'member' AS recipient_kind, 'tea' AS campaign,
        1 AS edition, 'send' AS step, i::VARCHAR AS occurrence, 'hi' AS content, 'v1' AS content_version,
        ['wecom', 'sms', 'wecom'][1 + i % 3] AS channel,
        CASE WHEN i % 10 = 0 THEN 'service' ELSE 'marketing' END AS purpose, i % 7 AS priority,
        {now} - 3600 AS due, {now} + 86400 AS until, NULL::BIGINT AS nominal, {empty}
        FROM range({EACH * MEMBERS}) AS t(i)"""


def once(name: str) -> dict[str, float]:
    """Gate the proposals once, by the gate or by hand; return the seconds, and how many each rule stopped."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "brand.toml").write_text(TOML, encoding="utf-8")
        with siyu.open(folder) as brand, brand._pass("run", NOW) as work:
            text = filled(work.session, work.run.now)
        with siyu.open(folder) as brand, brand._pass("run", NOW) as work:
            work.session.cursor.execute(OF)
            work.session.cursor.execute(f"CREATE TEMP TABLE proposals AS {text}")
            work.view = brand.view(work.session, work.run.now)
            work.results["proposals"] = work.session.engine.query("FROM proposals")
            return PARTS[name](work)


def by_siyu(work: Work) -> dict[str, float]:
    """Gate, and write what came of it."""
    begun, used = time.perf_counter(), time.process_time()
    gate(work)
    spent: dict[str, float] = {"seconds": time.perf_counter() - begun, "cpu": time.process_time() - used}
    begun = time.perf_counter()
    with work.session.writing(work.run.id) as writer:
        record(work, writer)
    spent["written"] = time.perf_counter() - begun
    return spent | {name: number for name, number in work.counts.items() if name.startswith("gate: ")}


def in_sql(work: Work) -> dict[str, float]:
    """Gate by hand."""
    begun = time.perf_counter()
    by_hand(work.session.cursor, work.run.now, ZONES)
    seconds = time.perf_counter() - begun
    found = work.session.cursor.execute("SELECT 'gate: ' || rule, count(*) FROM by_hand GROUP BY rule").fetchall()
    return {"seconds": seconds, **dict(found)}


PARTS = {"siyu": by_siyu, "by-hand": in_sql}


def figures() -> None:
    """Print the median of some rounds, each part in a process of its own, and the waterfall."""
    rounds = [{name: part("tests.bench.gating", name) for name in PARTS} for _ in range(ROUNDS)]
    for found in rounds:
        waterfalls = [{name: n for name, n in one.items() if name.startswith("gate: ")} for one in found.values()]
        assert waterfalls[0] == waterfalls[1], waterfalls
        assert sum(waterfalls[0].values()) == EACH * MEMBERS
    ours = {name: median(one["siyu"][name] for one in rounds) for name in ("seconds", "cpu", "written")}
    name = f"gating {EACH * MEMBERS:,} proposals for {MEMBERS:,} members"
    told(name, ours["seconds"], "s", most=MOST, digits=1)
    told("the same in seconds of processor time", ours["cpu"], "s", digits=1)
    told("the same by hand in SQL", median(one["by-hand"]["seconds"] for one in rounds), "s", digits=1)
    told("beside it", median(one["siyu"]["seconds"] / one["by-hand"]["seconds"] for one in rounds), "times")
    told("to write the touches and receipts", ours["written"], "s", digits=1)
    print(", ".join(f"{rule.removeprefix('gate: ')} {number:,}" for rule, number in sorted(waterfalls[0].items())))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(once(sys.argv[1])))
    else:
        figures()
