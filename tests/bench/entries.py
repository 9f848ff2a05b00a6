"""The intake of a million rows: deduplicated, hashed and durable, beside one hand-written statement of SQL.

Each round runs in a process of its own, over a store of its own; the peer comes to the same, which is checked.
``make bench NAME=entries`` runs all; SIYU_BENCH_SCALE=0.1 a tenth of it.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from shutil import copytree
from statistics import median

from tests.bench.figures import part, told
from tests.bench.peers.identity import identity_figures
from tests.bench.peers.intake import BAD, FORMS, LONG, ROWS, SHORT, brand, by_hand, by_siyu, files, held

ROUNDS = 5
# Rows a second, at least.
SPEED = {"parquet": 300_000, "csv": 150_000}
PARTS = {"siyu": by_siyu, "by-hand": by_hand}


def round_of(name: str, made: Path, form: str) -> dict[str, float]:
    """Run one part over a copy of a store; check what came in."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = copytree(made, Path(scratch) / "brand", symlinks=True)
        done = part("tests.bench.entries", name, folder, form)
        number, _, _, refused = held(folder)
        bad = BAD if form == "csv" else 0
        assert number == ROWS - bad, (number, refused)
        assert name != "siyu" or refused == bad, refused
        return done


def agreed(made: Path, form: str) -> None:
    """Stop where the peer does not come to the same."""
    found = []
    for name in PARTS:
        with tempfile.TemporaryDirectory() as scratch:
            folder = copytree(made, Path(scratch) / "brand", symlinks=True)
            part("tests.bench.entries", name, folder, form)
            found.append(held(folder)[:3])
    assert found[0] == found[1], found


def intake(scratch: Path, form: str) -> None:
    """Measure one form of file, beside the statement and with ten times the history."""
    short = brand(scratch / f"{form}-short", form, SHORT, scratch / "files")
    long = brand(scratch / f"{form}-long", form, LONG, scratch / "files")
    agreed(short, form)
    rounds = [(round_of("siyu", short, form), round_of("by-hand", short, form)) for _ in range(ROUNDS)]
    own, hand = (median(one[place]["seconds"] for one in rounds) for place in (0, 1))
    more = median(round_of("siyu", long, form)["seconds"] for _ in range(ROUNDS))
    told(f"{form}: rows a second", ROWS / own, "rows/s", least=SPEED[form])
    told(f"{form}: siyu", own, "s")
    told(f"{form}: hand-written SQL", hand, "s")
    beside = median(one["seconds"] / other["seconds"] for one, other in rounds)
    told(f"{form}: beside hand-written SQL", beside, "times", most=2.0)
    told(f"{form}: with ten times the history", more / own, "times", most=1.15)
    told(f"{form}: peak memory", max(one["memory"] for one, _ in rounds), "GB")


def main() -> None:
    """Measure all forms, and print a line a figure."""
    print(f"{ROWS} rows, into stores of {SHORT} and {LONG} events")
    with tempfile.TemporaryDirectory() as scratch:
        files(Path(scratch) / "files")
        for form in FORMS:
            intake(Path(scratch), form)
    for name, value, limit, unit in identity_figures():
        told(name, value, unit, most=limit)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        seconds = PARTS[sys.argv[1]](*sys.argv[2:])
        print(json.dumps({"seconds": seconds, "memory": getrusage(RUSAGE_SELF).ru_maxrss / 1024**2}))
    else:
        main()
