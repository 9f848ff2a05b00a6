"""What checking a config costs, beside a bare Python and a bare pass of tomllib, in the same run."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from siyu.config.programme import load
from siyu.registry import discover

if TYPE_CHECKING:
    from collections.abc import Callable

TABLES = 500
ROUNDS = 7
# A busy machine slows both sides of a ratio, and makes a second long. On an idle one a pass of tomllib takes 13 ms and
# a bare Python 12 ms, so that these are the limits of 1 s and 150 ms.
CHECK, HELP = 75, 12
SIYU = str(Path(sys.executable).parent / "siyu")


def config(tables: int) -> str:
    """Return a config of so many tables: journeys, broadcasts, rules, contents and features that name one another."""
    head = '[brand]\nname = "Bench"\n[channel.out]\nuse = "console"\n'
    return head + "".join(five(number) for number in range(tables // 5))


def five(number: int) -> str:
    """Return five tables that name one another."""
    return f"""
[feature.spend_{number}]
sum = "ordered.amount"
window = "{number % 300 + 1}d"
[tagger.rules-{number}]
use = "rules"
when = {{ rich-{number} = "spend_{number} >= '500.00' and days_since('ordered') < {number + 1}" }}
[content.words-{number}]
use = "library"
items.hello-{number} = {{ kind = "emotion", form = "text", topic = "tea", text = "Hello" }}
[campaign.journey-{number}]
use = "journey"
from = 2026-12-01
to = "tag('rich-{number}')"
start = {{ event = "joined" }}
via = "out"
steps = [{{ id = "one", say = "hello-{number}" }}, {{ id = "two", after = "2d", say = "hello-{number}" }}]
[incentive.points-{number}]
use = "points"
from = 2026-12-01
earn = [{{ event = "ordered", per = "1.00", points = 1 }}]
"""


def seconds(work: Callable[[], object]) -> float:
    """Return the median of several rounds, after one that warms up."""
    work()
    taken = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begin)
    return median(taken)


def told(name: str, value: float, limit: float | None, unit: str) -> None:
    """Print one figure."""
    bound = "" if limit is None else f", at most {limit:g} {unit}: {'ok' if value <= limit else 'short'}"
    print(f"{name}: {value:.3f} {unit}{bound}")


with tempfile.TemporaryDirectory() as scratch:
    text = config(TABLES)
    (Path(scratch) / "brand.toml").write_text(text, encoding="utf-8")
    registry = discover().require()
    checked, parsed = seconds(lambda: load(scratch, registry)), seconds(lambda: tomllib.loads(text))
    told(f"check of {TABLES} tables", checked, 1.0, "s")
    told("check beside tomllib alone", checked / parsed, CHECK, "times")
    command = seconds(lambda: subprocess.run([SIYU, "check", scratch], check=True, capture_output=True))
    told(f"siyu check of {TABLES} tables, the whole command", command, None, "s")
helped = seconds(lambda: subprocess.run([SIYU, "--help"], check=True, capture_output=True))
bare = seconds(lambda: subprocess.run([sys.executable, "-c", ""], check=True, capture_output=True))
told("siyu --help", helped * 1000, 150, "ms")
told("siyu --help beside a bare Python", helped / bare, HELP, "times")
