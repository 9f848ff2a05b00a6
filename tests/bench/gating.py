"""The gate over five proposals for each of a million members, with a history of touches, consents and zones.

``make bench NAME=gating`` runs it, SIYU_BENCH_SCALE=0.1 a tenth of it; ``figures`` is for others to call.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import siyu
from siyu.moments import moment
from siyu.stages.gate import gate

if TYPE_CHECKING:
    from siyu.stores.session import Session

SCALE = float(os.environ.get("SIYU_BENCH_SCALE", "1"))
MEMBERS = int(1_000_000 * SCALE)
EACH = 5
ROUNDS = 3
MOST = 8.0
NOW = "2026-11-20T12:00:00Z"
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
    """Fill the tables of a store and return the SQL of the proposals."""
    session.cursor.execute(f"""
        INSERT INTO members BY NAME SELECT i AS member, 'till' AS entry, 20000 AS joined,
            ['Asia/Shanghai', 'Europe/Berlin', 'America/New_York', NULL][1 + i % 4] AS zone
            FROM range({MEMBERS}) AS t(i);
        INSERT INTO consents BY NAME SELECT i AS member, ['*', 'wecom'][1 + i % 2] AS channel, '*' AS purpose,
            CASE WHEN i % 20 = 0 THEN 'withdrawn' ELSE 'granted' END AS state, 1 AS time, i AS seq, 0 AS run
            FROM range({MEMBERS}) AS t(i) WHERE i % 50 > 0;
        INSERT INTO events BY NAME SELECT i AS id, i AS member, 'complained' AS type, {now} - 86400 AS second,
            20000 AS day, i::VARCHAR AS ref, i AS seq, 0 AS run FROM range(0, {MEMBERS}, 100) AS t(i);
        INSERT INTO touches BY NAME SELECT 10000000 + i AS id, i * 7 % {MEMBERS} AS recipient,
            'member' AS recipient_kind, 'old' AS campaign, 1 AS edition, 'send' AS step, i::VARCHAR AS occurrence,
            'hi' AS content, ['wecom', 'sms'][1 + i % 2] AS channel, 'marketing' AS purpose, 0 AS priority,
            {now} - 864000 AS due, {now} AS until, i AS seq, 0 AS run FROM range({2 * MEMBERS}) AS t(i);
        INSERT INTO receipts BY NAME SELECT 10000000 + i AS touch, state, {now} - i % 1000000 AS time,
            3 * i + place AS seq, 0 AS run FROM range({2 * MEMBERS}) AS t(i),
            (VALUES (0, 'queued'), (1, 'sending'), (2, 'sent')) AS states(place, state);
    """)
    columns = ", ".join(f"{name}" for name in ("slot", "version", "branch", "offer", "sender", "arm"))
    empty = ", ".join(f"NULL::VARCHAR AS {name}" for name in columns.split(", "))
    return f"""SELECT i AS id, i % {MEMBERS} AS recipient, 'member' AS recipient_kind, 'tea' AS campaign, 1 AS edition,
        'send' AS step, i::VARCHAR AS occurrence, 'hi' AS content, 'v1' AS content_version,
        ['wecom', 'sms', 'wecom'][1 + i % 3] AS channel,
        CASE WHEN i % 10 = 0 THEN 'service' ELSE 'marketing' END AS purpose, i % 7 AS priority,
        {now} - 3600 AS due, {now} + 86400 AS until, NULL::BIGINT AS nominal, {empty}
        FROM range({EACH * MEMBERS}) AS t(i)"""


def once() -> dict[str, float]:
    """Gate the proposals once; return the seconds, and what came of it."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "brand.toml").write_text(TOML, encoding="utf-8")
        with siyu.open(folder) as brand, brand._pass("plan", NOW) as work:
            text = filled(work.session, moment(NOW, "UTC"))
            work.view = brand.view(work.session, work.run.now)
            work.results["proposals"] = work.keep(work.session.engine.query(text))
            if os.environ.get("SIYU_BENCH_TOLD"):
                work.progress = lambda words: print(f"{time.perf_counter() - begin:.2f} {words}", file=sys.stderr)
            begin = time.perf_counter()
            gate(work)
            seconds = time.perf_counter() - begin
            return {"seconds": seconds, **{name: work.counts[name] for name in work.counts if name.startswith("gate")}}


def figures(rounds: int = ROUNDS) -> tuple[float, dict[str, float]]:
    """Return the median of the seconds that the gate takes, each round in a process of its own, and its waterfall."""
    command = [sys.executable, "-m", "tests.bench.gating", "once"]
    done = [subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True) for _ in range(rounds)]
    told = [json.loads(one.stdout.splitlines()[-1]) for one in done]
    return median(one["seconds"] for one in told), told[0]


def main() -> None:
    """Print the figure."""
    seconds, told = figures()
    fine = "ok" if seconds <= MOST else "short"
    print(f"gating {EACH * MEMBERS:,} proposals for {MEMBERS:,} members: {seconds:.1f} s, at most {MOST:g}: {fine}")
    for name, number in told.items():
        if name != "seconds":
            print(f"{name}: {number:,.0f}")


if __name__ == "__main__":
    if sys.argv[1:] == ["once"]:
        print(json.dumps(once()))
    else:
        main()
