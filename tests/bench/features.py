"""Features, tags and segments at a million members: the full build beside hand-written SQL and pandas, and a day's run.

Each part runs in a process of its own, whose time and memory are its own; the peers do what siyu does, and no more.
``make bench NAME=features`` runs all; SIYU_BENCH_SCALE=0.1 a tenth of it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from statistics import median
from typing import Any

import duckdb
import narwhals as nw
from attrs import evolve
from tests.bench.peers.audience import (
    A_DAY,
    DAYS,
    FEATURES,
    LONG,
    MEMBERS,
    ROUNDS,
    SCALE,
    SEGMENTS,
    SHORT,
    TAGS,
    days_of,
    filled,
    noon,
    rows,
    store,
)
from tests.bench.peers.features import by_hand, by_pandas

import siyu
from siyu import loop

TURNS = 3


def part(name: str, *given: object) -> dict[str, float]:
    """Run one part in a process of its own: its seconds and its peak memory in GB."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.features", name, *map(str, given)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def told(name: str, value: float, limit: float | None, unit: str) -> None:
    """Print one figure."""
    bound = "" if limit is None else f", at most {limit:g} {unit}: {'ok' if value <= limit else 'short'}"
    print(f"{name}: {value:.2f} {unit}{bound}", flush=True)


def full(folder: str) -> float:
    """Do the brand's first run, and close the store; return the seconds."""
    now, brand = noon(days_of(folder)), siyu.open(folder)
    begin = time.perf_counter()
    brand.run(now=now)
    brand.close()
    return time.perf_counter() - begin


def day(folder: str) -> float:
    """Bring in more days' events one after the other; return the mean of the seconds of the runs after them.

    What the store has to tidy up afterwards is part of it.
    """
    done, seconds = days_of(folder), 0.0
    brand = siyu.open(folder)
    for new in range(done, done + ROUNDS):
        with brand.store.opened() as session, session.writing(brand.store.next_run()) as writer:
            writer.append("events", nw.from_native(session.cursor.sql(rows(new * A_DAY, (new + 1) * A_DAY))))
        begin = time.perf_counter()
        brand.run(now=noon(new + 1))
        seconds += time.perf_counter() - begin
    begin = time.perf_counter()
    brand.close()
    return (seconds + time.perf_counter() - begin) / ROUNDS


def agreed(folder: Path) -> None:
    """Stop where the peers did not come to the same."""
    checks = ("spend_90d", "orders", "shops", "largest", "smallest", "first_order", "returned")
    with duckdb.connect(str(store(folder))) as connection:
        own = ", ".join(f"sum(coalesce({name}, 0))::BIGINT" for name in checks)
        hand = own.replace("shops", "shops_30d")
        pairs = [
            connection.execute(f"SELECT {sums} FROM {table}").fetchall()
            for sums, table in ((own, "features"), (hand, "hand_features"))
        ]
        sizes = connection.execute("SELECT slice, n FROM measures WHERE key = 'size' ORDER BY ALL").fetchall()
        by_name = ", ".join(f"count_if({name})" for name in sorted(SEGMENTS))
        others = connection.execute(f"SELECT {by_name} FROM hand_segments").fetchall()[0]
    assert pairs[0] == pairs[1], pairs
    assert [n for _, n in sizes] == list(others)


def segments(folder: str) -> float:
    """Return the seconds that the stage of segments takes, of a run in which all else is done."""
    stage = next(one for one in loop.STAGES if one.name == "segment")
    seconds = []

    def timed(work: Any) -> None:  # noqa: ANN401 - as the stage
        begin = time.perf_counter()
        stage.work(work)
        seconds.append(time.perf_counter() - begin)

    stages = tuple(evolve(one, work=timed) if one is stage else one for one in loop.STAGES)
    vars(loop)["STAGES"] = stages
    now = noon(days_of(folder))
    with siyu.open(folder) as brand:
        for _ in range(ROUNDS):
            brand.run(now=now)
    return median(seconds)


PARTS = {"full": full, "day": day, "by-hand": by_hand, "by-pandas": by_pandas, "segments": segments}


def turns(scratch: Path) -> dict[str, list[dict[str, float]]]:
    """Run each part on the same store, several times in turn; pandas, which takes longest, once."""
    base = filled(scratch / "brand", DAYS)
    found: dict[str, list[dict[str, float]]] = {"full": [], "by-hand": [], "by-pandas": [], "day": []}
    for turn in range(TURNS):
        folder = Path(shutil.copytree(base, scratch / "turn"))
        for name in ("full", "by-hand", *(["by-pandas"] if turn == 0 else [])):
            found[name].append(part(name, folder))
        agreed(folder)
        found["day"].append(part("day", folder))
        shutil.rmtree(folder)
    return found


def ratio(ours: list[dict[str, float]], theirs: list[dict[str, float]]) -> float:
    """Return the ratio of the medians of two parts that were run in turn."""
    mine, other = (median(one["seconds"] for one in some) for some in (ours, theirs))
    return mine / other


def history(scratch: Path) -> None:
    """Measure a day's run after a short history and after one ten times as long, in turn."""
    runs: dict[int, list[dict[str, float]]] = {SHORT: [], LONG: []}
    folders = {days: filled(scratch / f"brand-{days}", days) for days in runs}
    for folder in folders.values():
        part("full", folder)
    for _ in range(TURNS):
        for days, folder in folders.items():
            runs[days].append(part("day", folder))
    for days, found in runs.items():
        told(f"a day's run after {days * A_DAY} events", median(one["seconds"] for one in found), None, "s")
    told("with ten times the history", ratio(runs[LONG], runs[SHORT]), 1.3, "times")


def main() -> None:
    """Run all parts and print a line a figure."""
    with tempfile.TemporaryDirectory() as scratch:
        found = turns(Path(scratch))
    sizes = f"{len(FEATURES)} features, {len(TAGS)} tags, {len(SEGMENTS)} segments"
    print(f"{MEMBERS} members, {DAYS * A_DAY} events, {sizes}")
    seconds = {name: median(one["seconds"] for one in some) for name, some in found.items()}
    memory = {name: max(one["memory"] for one in some) for name, some in found.items()}
    told("full build", seconds["full"], None, "s")
    told("hand-written SQL", seconds["by-hand"], None, "s")
    told("pandas", seconds["by-pandas"], None, "s")
    told("full build beside hand-written SQL", ratio(found["full"], found["by-hand"]), 1.25, "times")
    told("full build beside pandas", ratio(found["full"], found["by-pandas"]), 0.25, "times")
    told("full build, peak memory", memory["full"], 2.5, "GB")
    told("pandas, peak memory", memory["by-pandas"], None, "GB")
    told("a day's run", seconds["day"], None, "s")
    told("a day's run beside the full build", ratio(found["day"], found["full"]), 0.4, "times")
    told("a day's run, peak memory", memory["day"], 2.5, "GB")
    with tempfile.TemporaryDirectory() as scratch:
        history(Path(scratch))
    with tempfile.TemporaryDirectory() as scratch:
        few = int(260_000 * SCALE)
        folder = filled(Path(scratch) / "brand", 20, few)
        told(f"{len(SEGMENTS)} segments, {few} members", part("segments", folder)["seconds"], 1, "s")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        seconds = PARTS[sys.argv[1]](*sys.argv[2:])
        print(json.dumps({"seconds": seconds, "memory": getrusage(RUSAGE_SELF).ru_maxrss / 1024**2}))
    else:
        main()
