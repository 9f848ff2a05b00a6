"""A process that is killed leaves the store as before its run or as after it, and the next run completes it."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from attrs import frozen
from tests.brands import EVERYTHING, contents, folder, gapless, opened, rounds, rows

from siyu.moments import moment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siyu.brand import Brand

STORE = "store.duckdb"
BEFORE = moment("2026-11-11T12:00", "Asia/Shanghai")
NOW = moment("2026-11-13T12:00", "Asia/Shanghai")
TOML = (
    EVERYTHING.replace('{ id = "hello", say = "hi" }', '{ id = "hello", say = "hi", via = "post" }')
    + """
[channel.post]
use = "outbox"
path = "post"
[entry.till]
use = "files"
files = ["in/*.csv"]
type = { column = "type" }
member = "wecom:{who}"
id = "id"
time = "time"
ref = "ref"
subject = "subject"
amount = "amount"
"""
)
CHILD = """
import sys, siyu
siyu.open(sys.argv[1], store=sys.argv[2]).run(now=int(sys.argv[3]), progress=lambda words: print(words, flush=True))
"""
# Kills itself at a given place, so that none of these depends on the clock.
CUT = """
import os, signal, sys, siyu
from siyu.stores.writing import Writer
from siyu_plugins.channels.outbox import Outbox

def stop(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def sends_and_stops(self, messages, send=Outbox.send):
    yield from send(self, messages)
    stop()

place = sys.argv[4]
if place == "in the commit":
    Writer.replace = stop
if place == "after sending":
    Outbox.send = sends_and_stops
brand = siyu.open(sys.argv[1], store=sys.argv[2])
brand.run(now=int(sys.argv[3]), progress=lambda words: words == place and stop())
"""
# What the commit and the delivery begin with: most kills are to fall there.
LATE = ("record", "deliver", "channel.box", "channel.post")


@frozen
class Scene:
    """A brand between two runs, and what the second comes to where nothing goes wrong."""

    base: Path
    words: list[str]
    gaps: list[float]
    before: dict[str, list[tuple[Any, ...]]]
    after: dict[str, list[tuple[Any, ...]]]
    messages: set[int]


def lines(day: str, first: int, last: int) -> str:
    """Return a file of the till: members who join, invite, order, return and ask for what is on sale."""
    text = ["who,type,id,time,ref,subject,amount"]
    for number in range(first, last):
        text.append(f"m{number},joined,j{number},{day}T01:00:00,wecom:m{number // 2},,")
        text += [f"m{number},ordered,o{number}-{one},{day}T0{2 + one}:00:00,o{number}-{one},,{60 + number}.50"
                 for one in range(number % 3)]  # fmt: skip
        if number % 5 == 0:
            text.append(f"m{number - 1},refunded,r{number},{day}T05:00:00,o{number - 1}-0,,10.00")
            text.append(f"m{number},claimed,c{number},{day}T06:00:{number:02},G01,sale,")
    return "\n".join(text)


def started(path: Path, code: str = CHILD, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, str(path), str(path / STORE), str(NOW), *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def told(process: subprocess.Popen[str]) -> Iterator[str]:
    assert process.stdout is not None
    for line in process.stdout:
        yield line.strip()


def sent(path: Path) -> Counter[int]:
    """Return how often each touch stands in the outboxes."""
    files = [*path.glob("out/*.jsonl"), *path.glob("post/*.jsonl")]
    return Counter(int(json.loads(line)["touch"]) for file in files for line in file.read_text("utf-8").splitlines())


def states(brand: Brand) -> dict[int, str]:
    """Return the state of every touch; one without any receipt is none."""
    newest = {touch: state for touch, state in rows(brand, "receipts", "touch", "state")}  # noqa: C416 - the last wins
    return {touch: newest.get(touch, "none") for (touch,) in rows(brand, "touches", "id")}


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    base = folder(tmp_path_factory.mktemp("base") / "brand", TOML)
    (base / "in").mkdir()
    (base / "in" / "one.csv").write_text(lines("2026-11-11", 1, 12), encoding="utf-8")
    with opened(base, store=base / STORE) as brand:
        brand.run(now=BEFORE)
        before = contents(brand)
    (base / "in" / "two.csv").write_text(lines("2026-11-12", 12, 40), encoding="utf-8")
    whole = base.with_name("whole")
    shutil.copytree(base, whole)
    words, moments = [], []
    with started(whole) as process:
        for word in told(process):
            words.append(word)
            moments.append(time.monotonic())
    moments.append(time.monotonic())
    assert process.returncode == 0
    with opened(whole, store=whole / STORE) as brand:
        after = contents(brand)
    gaps = [then - now for now, then in pairwise(moments)]
    return Scene(base, words, gaps, before, after, set(sent(whole)))


def test_the_unkilled_run_writes_to_every_table_of_the_loop(scene: Scene) -> None:
    grown = {table for table in scene.after if len(scene.after[table]) > len(scene.before[table])}
    assert {"events", "identities", "members", "features", "tags", "tag_changes", "steps", "touches"} <= grown
    assert {"receipts", "grants", "measures", "cursors", "runs"} <= grown
    assert len(scene.messages) == len(scene.after["touches"])


def killed(scene: Scene, path: Path, chance: random.Random) -> str:
    """Run in a process of its own and kill it somewhere; return where."""
    late = [place for place, word in enumerate(scene.words) if word in LATE]
    place = chance.choice(late if chance.random() < 0.7 else range(len(scene.words)))
    # What goes on longest is hit most; the twentieth past the end meets the next word, or a process that is done.
    delay = chance.uniform(0, scene.gaps[place] * 1.05)
    with started(path) as process:
        for reached, _ in enumerate(told(process)):
            if reached == place:
                break
        time.sleep(delay)
        process.kill()
    return f"{delay:.4f} s after {scene.words[place]}"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(rounds(2, 40)))
def test_a_killed_run_is_whole_or_not_there(scene: Scene, tmp_path: Path, seed: int) -> None:
    path = tmp_path / "brand"
    shutil.copytree(scene.base, path)
    checked(scene, path, killed(scene, path, random.Random(seed)))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize(
    ("place", "begun", "in_doubt"),
    [
        ("ingest", False, False),
        ("gate", False, False),
        ("record", False, False),
        ("in the commit", False, False),
        ("deliver", True, False),
        ("channel.post", True, True),
        ("after sending", True, True),
    ],
)
def test_a_run_that_is_killed_at_a_place(
    scene: Scene, tmp_path: Path, place: str, *, begun: bool, in_doubt: bool
) -> None:
    path = tmp_path / "brand"
    shutil.copytree(scene.base, path)
    with started(path, CUT, place) as process:
        assert process.wait(120) == -signal.SIGKILL
    untouched, cut_off = checked(scene, path, place)
    assert (not untouched, bool(cut_off)) == (begun, in_doubt)


def checked(scene: Scene, path: Path, where: str) -> tuple[bool, set[int]]:
    """Check a killed brand; return whether it is as before, and the touches whose sending was cut off."""
    with opened(path, store=path / STORE) as brand:
        found = contents(brand)
        receipts, state = set(found.pop("receipts")), states(brand)
        before = {table: held for table, held in scene.before.items() if table != "receipts"}
        after = {table: held for table, held in scene.after.items() if table != "receipts"}
        assert found in (before, after), where
        untouched = found == before
        assert set(scene.before["receipts"]) <= receipts <= set(scene.after["receipts"]), where
        assert set(state.values()) <= {"queued", "sending", "sent"}, where
        gapless(brand)
        brand.run(now=NOW)
        cut_off = {touch for touch, known in state.items() if known == "sending"}
        completed(brand, scene, untouched=untouched)
        settled(brand, path, cut_off=cut_off)
        return untouched, cut_off


def completed(brand: Brand, scene: Scene, *, untouched: bool) -> None:
    """Assert that the run after a kill came to what the whole run came to."""
    left_out = set() if untouched else {"receipts", "runs"}
    assert contents(brand, without=left_out) == {
        table: held for table, held in scene.after.items() if table not in left_out
    }
    gapless(brand)


def settled(brand: Brand, path: Path, *, cut_off: set[int]) -> None:
    """Assert that each touch went out once, or is known to be in doubt."""
    state, messages = states(brand), sent(path)
    assert set(messages.values()) == {1}
    assert {touch for touch, known in state.items() if known == "unknown"} == cut_off
    assert {touch for touch, known in state.items() if known != "unknown"} == {
        touch for touch, known in state.items() if known == "sent"
    }
    assert set(state) - cut_off <= set(messages) <= set(state)
