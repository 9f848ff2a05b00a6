"""A process that is killed while it settles claims: what was answered is kept, and nothing is granted twice."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from tests.brands import EVERYTHING, folder, gapless, opened, rounds, rows

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_794_456_000
STOCK = 40
ASKING = 120
TOML = EVERYTHING.replace("stock = 3", f"stock = {STOCK}")
# Asks from several threads, in batches and one by one, and says each answer when it has it.
CHILD = """
import os, signal, sys, threading, siyu
from siyu.claims import counter
from siyu.stores.writing import Writer

folder, store, now, place = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
lock, left = threading.Lock(), [int(sys.argv[5])]

def stop():
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)

def stopping(work):
    def done(*given):
        if place == "between events and lines" and given[1] != "grants":
            return work(*given)
        stop()
        return work(*given)
    return done

if place == "before the commit":
    counter.keep = stopping(counter.keep)
if place == "between events and lines":
    Writer.add = stopping(Writer.add)

def told(*answers):
    with lock:
        print("".join(f"{one.id} {one.kind}\\n" for one in answers), end="", flush=True)
    if place == "after an answer":
        stop()

def one_by_one(first):
    for number in range(first, ASKING, 6):
        told(brand.claim("sale", member=f"wecom:m{number}", id=f"r{number}", now=now))

def in_batches(first):
    for number in range(first, ASKING, 12):
        asked = [number, number + 6] if number + 6 < ASKING else [number]
        told(*brand.claims([{"incentive": "sale", "member": f"wecom:m{n}", "id": f"r{n}"} for n in asked], now=now))

ASKING = 120
brand = siyu.open(folder, store=store)
print("begun", flush=True)
threads = [threading.Thread(target=one_by_one if n % 3 else in_batches, args=(n,)) for n in range(6)]
[one.start() for one in threads]
[one.join() for one in threads]
print("done", flush=True)
"""


def interrupted(path: Path, place: str, times: int, delay: float | None = None) -> dict[str, str]:
    """Ask in a process that kills itself at a place, or is killed after a while; return what it answered."""
    command = [sys.executable, "-c", CHILD, str(path), str(path / "store.duckdb"), str(NOW), place, str(times)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        if delay is not None:
            time.sleep(delay)
            process.kill()
        said = process.stdout.read().splitlines()
    if delay is None:
        assert process.returncode == -signal.SIGKILL
    # The last line may be cut off.
    return dict(line.split() for line in said if line.count(" ") == 1)


def completed(path: Path, told: dict[str, str]) -> None:
    """Ask everything again: the first answers stand, and exactly the stock is granted."""
    with opened(path, store=path / "store.duckdb") as brand:
        kept = dict(rows(brand, "grants", "request", "kind"))
        assert told.items() <= kept.items()
        assert {name for (name,) in rows(brand, "events", "source_id")} == kept.keys()
        asked = [{"incentive": "sale", "member": f"wecom:m{n}", "id": f"r{n}"} for n in range(ASKING)]
        answers = {answer.id: answer.kind for answer in brand.claims(asked, now=NOW)}
        assert kept.items() <= answers.items()
        lines = rows(brand, "grants", "request", "kind", "member")
        assert sorted(answers.items()) == sorted((request, kind) for request, kind, _ in lines)
        granted = [member for _, kind, member in lines if kind == "reserved"]
        assert len(granted) == len(set(granted)) == STOCK
        gapless(brand)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("place", ["before the commit", "between events and lines", "after an answer"])
@pytest.mark.parametrize("times", [1, 4])
def test_killed_at_a_place(tmp_path: Path, place: str, times: int) -> None:
    path = folder(tmp_path, TOML)
    completed(path, interrupted(path, place, times))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(rounds(2, 20)))
def test_killed_somewhere(tmp_path: Path, seed: int) -> None:
    path = folder(tmp_path, TOML)
    completed(path, interrupted(path, "nowhere", 0, random.Random(seed).uniform(0, 0.4)))
