"""Delivery to a server on this machine, in a process of its own, durable receipts included; and a bare loop beside it.

The bare loop posts the same messages by aiohttp, with as many under way, and keeps nothing. Each round runs both in
turn, in a process of its own. Then the gate: see ``gating``. ``make bench NAME=delivery`` runs all;
SIYU_BENCH_SCALE=0.1 a tenth of it.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import deque
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import aiohttp
from tests.bench import gating
from tests.brands import HEAD, folder, opened
from tests.posting import Posting, plugin, serving

from siyu.stores.arrow import arrow_table

if TYPE_CHECKING:
    from siyu.brand import Brand

SCALE = float(os.environ.get("SIYU_BENCH_SCALE", "1"))
MESSAGES = int(30_000 * SCALE)
ROUNDS = 5
MOST = 1.4
NOON = "2026-11-10T12:00"
TOML = """
[campaign.day]
use = "broadcast"
from = 2026-11-01
on = 2026-11-10
at = "10:00"
say = "hi"
via = "post"
[channel.post]
use = "posting"
port = {port}
"""


async def bare(port: int) -> float:
    """Post as many messages in a plain loop; return the seconds."""
    todo = deque(range(MESSAGES))

    async def worker(client: aiohttp.ClientSession) -> None:
        while todo:
            body = {"key": str(2**61 + todo.popleft()), "text": "Hi!"}
            async with client.post(f"http://127.0.0.1:{port}/send", json=body) as response:
                await response.json()

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client:
        begun = time.perf_counter()
        await asyncio.gather(*(worker(client) for _ in range(Posting.concurrent)))
        return time.perf_counter() - begun


def filled(brand: Brand) -> None:
    """Queue the messages."""
    day = {"type": "joined", "time": "2026-11-09T04:00:00Z"}
    brand.ingest([{"identity": f"wecom:m{number}", **day} for number in range(MESSAGES)])
    brand.control("brake", "release", actor="bench", now=NOON)
    brand.run(now=NOON, send=False)


def prepared() -> None:
    """Leave nothing behind that would be a part of neither: the litter of what went before, and what is yet to load."""
    arrow_table({"one": [1]})
    gc.collect()


def part() -> None:
    """Run one round and print the seconds of both."""
    with tempfile.TemporaryDirectory() as name, serving() as port:
        path = folder(Path(name), HEAD + TOML.format(port=port))
        with opened(path, store=path / "s.duckdb", plugins={"posting": plugin()}) as brand:
            filled(brand)
            prepared()
            plain = asyncio.run(bare(port))
            prepared()
            begun = time.perf_counter()
            outcome = brand.deliver(now=NOON)
            ours = time.perf_counter() - begun
            assert outcome.counts["sent"] == MESSAGES
    print(json.dumps([plain, ours]))


def main() -> None:
    """Run all rounds, each in a process of its own, and print the figures."""
    found = []
    for _ in range(ROUNDS):
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.delivery", "part"], check=True, stdout=subprocess.PIPE, text=True
        )
        found.append(json.loads(done.stdout.splitlines()[-1]))
    plain, ours = (median(column) for column in zip(*found, strict=True))
    ratio = median(mine / bare for bare, mine in found)
    print(f"bare loop of aiohttp, {Posting.concurrent} under way: {MESSAGES / plain:,.0f} a second")
    print(f"delivery, receipts kept: {MESSAGES / ours:,.0f} a second")
    print(f"delivery by the bare loop: {ratio:.2f} times, at most {MOST}: {'ok' if ratio <= MOST else 'short'}")
    gating.figures()


if __name__ == "__main__":
    part() if sys.argv[1:] == ["part"] else main()
