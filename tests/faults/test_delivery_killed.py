"""Deliveries that are killed again and again: no message twice, none lost, and the store agrees with the provider."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest
from tests.brands import HEAD, folder, gapless, opened, rounds, rows
from tests.posting import plugin, serving

if TYPE_CHECKING:
    from pathlib import Path

    from siyu.brand import Brand

MESSAGES = 10_000
# How often it is killed, how many messages a batch has then, and for how many seconds it lives at most.
KILLS, BATCH, LIFE = rounds(4, 200), rounds(200, 16), 0.4
NOON = "2026-11-10T12:00"
TOML = """
[campaign.day]
use = "broadcast"
from = 2026-11-01
on = 2026-11-10
at = "10:00"
say = "hi"
via = "post"
until_after = "3d"
[channel.post]
use = "posting"
port = {port}
"""
CHILD = """
import sys
from pathlib import Path
from siyu.cli.options import stoppable
from tests.brands import opened
from tests.posting import Posting, plugin

Posting.batch = Posting.concurrent = int(sys.argv[3])
Posting.concurrent = min(64, Posting.concurrent)
with opened(Path(sys.argv[1]), store=Path(sys.argv[2]), plugins={"posting": plugin()}) as brand, stoppable(brand):
    print("open", flush=True)
    brand.deliver(now=sys.argv[4])
"""


def filled(path: Path, messages: int = MESSAGES) -> None:
    """Make a brand whose messages are all queued."""
    day = {"type": "joined", "time": "2026-11-09T04:00:00Z"}
    with opened(path, store=path / "s.duckdb", plugins={"posting": plugin()}) as brand:
        brand.ingest([{"identity": f"wecom:m{number}", **day} for number in range(messages)])
        brand.control("brake", "release", actor="Li", now=NOON)
        assert brand.run(now=NOON, send=False).counts["gate: passed"] == messages


def started(path: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHILD, str(path), str(path / "s.duckdb"), str(BATCH), NOON]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def killed(path: Path, chance: random.Random) -> bool:
    """Deliver and kill it at some moment; return whether it was still at it."""
    with started(path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        time.sleep(chance.random() * LIFE)
        alive = process.poll() is None
        process.kill()
    return alive


def states(brand: Brand) -> dict[int, str]:
    found = {touch: "none" for (touch,) in rows(brand, "touches", "id")}
    return found | dict(rows(brand, "receipts", "touch", "state"))


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_a_delivery_that_is_killed_again_and_again(tmp_path: Path) -> None:
    chance = random.Random(KILLS)
    with serving(odd=True, slow=0.02) as port:
        path = folder(tmp_path / "brand", HEAD + TOML.format(port=port))
        filled(path)
        assert [killed(path, chance) for _ in range(KILLS)] == [True] * KILLS
        with opened(path, store=path / "s.duckdb", plugins={"posting": plugin()}) as brand:
            brand.deliver(now=NOON)
            brand.deliver(now=NOON)
            gapless(brand)
            found = states(brand)
        counts = {int(key): count for key, count in json.load(urlopen(f"http://127.0.0.1:{port}/counts")).items()}
    assert len(found) == MESSAGES
    assert set(counts.values()) == {1}
    assert {touch for touch, state in found.items() if state == "sent"} == set(counts)
    assert set(found.values()) <= {"sent", "unknown"}
    assert len(counts) > MESSAGES / 2


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGTERM")
def test_a_delivery_that_is_told_to_end_leaves_nothing_in_doubt(tmp_path: Path) -> None:
    with serving(slow=0.2) as port:
        path = folder(tmp_path / "brand", HEAD + TOML.format(port=port))
        filled(path, 2000)
        with started(path) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "open\n"
            time.sleep(0.5)
            process.terminate()
            assert process.wait(60) == 0
        with opened(path, store=path / "s.duckdb", plugins={"posting": plugin()}) as brand:
            found = states(brand)
        counts = json.load(urlopen(f"http://127.0.0.1:{port}/counts"))
    assert set(found.values()) <= {"queued", "sent"}
    assert {str(touch) for touch, state in found.items() if state == "sent"} == set(counts)
    assert len(counts) < 2000


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_a_second_process_that_delivers_is_refused(tmp_path: Path) -> None:
    # The first one has to be at it still when the second one has started, also on a busy machine.
    with serving(slow=0.6) as port:
        path = folder(tmp_path / "brand", HEAD + TOML.format(port=port))
        filled(path, 500)
        with started(path) as first:
            assert first.stdout is not None
            assert first.stdout.readline() == "open\n"
            with started(path) as second:
                assert second.wait(60) != 0
            assert first.wait(60) == 0
        counts = json.load(urlopen(f"http://127.0.0.1:{port}/counts"))
    assert list(counts.values()) == [1] * 500
