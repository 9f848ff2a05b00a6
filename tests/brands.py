"""Tiny brands for tests of whole passes: folders, facts, and everything that a store holds."""

from __future__ import annotations

import os
import shutil
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import siyu
from siyu.tables import LOGS, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from siyu.brand import Brand

__all__ = [
    "EVERYTHING",
    "HEAD",
    "contents",
    "copied",
    "fingerprints",
    "folder",
    "gapless",
    "happened",
    "opened",
    "rounds",
    "rows",
]

HEAD = """
[brand]
name = "Tiny"
zone = "Asia/Shanghai"
[gate]
consent = "unless-withdrawn"
quiet = "23:00-01:00"
caps = []
distance = "0s"
[content.words]
use = "library"
[content.words.items.hi]
kind = "emotion"
text = "Hi!"
[channel.box]
use = "outbox"
path = "out"
"""
"""What every brand here starts with: words to say and a channel that takes them."""

EVERYTHING = (
    HEAD
    + """
[feature]
spend = { sum = "ordered.amount" }
orders = { count = "ordered" }
refs = { distinct = "ordered.ref" }
[tagger.ranks]
use = "rfm"
[tagger.value]
use = "rules"
[tagger.value.when]
big = "spend >= '100.00'"
regular = "orders >= 2"
[segment]
bigs = "tag('big')"
[campaign.day]
use = "broadcast"
from = 2026-11-01
on = 2026-11-10
at = "10:00"
every = "day"
say = "hi"
via = "box"
to = "orders >= 1"
holdout = "30%"
[campaign.trip]
use = "journey"
from = 2026-11-01
start = { event = "joined" }
via = "box"
steps = [
  { id = "hello", say = "hi" },
  { id = "later", say = "hi", after = "1d", at = "10:00", when = "not did('refunded')" },
]
[incentive.points]
use = "points"
from = 2026-11-01
earn = [{ event = "ordered", per = "1.00", points = 1 }]
[incentive.friends]
use = "referral"
from = 2026-11-01
counts = { event = "ordered", within = "10d", settle = "1d" }
gives = { inviter = { points = 200 }, friend = { points = 50 } }
limit = { per = "month", times = 2 }
[incentive.sale]
use = "flash-sale"
from = 2026-11-01
items = [{ sku = "G01", price = "99.00", was = "169.00", stock = 3 }]
unpaid = "15m"
[metric.again]
use = "repurchase"
[metric.way]
use = "funnel"
steps = ["joined", "ordered"]
"""
)
"""A brand with every table of the loop in use."""


def folder(path: Path, toml: str) -> Path:
    """Write a brand's folder, with one key for all brands: what is drawn is then the same every time."""
    (path / ".siyu").mkdir(parents=True, exist_ok=True)
    (path / ".siyu" / "key").write_text("0123456789abcdef" * 4, encoding="ascii")
    (path / "brand.toml").write_text(toml, encoding="utf-8")
    return path


def opened(path: Path, **more: Any) -> Brand:  # noqa: ANN401 - what open takes
    """Open a brand, by default over a store in memory; brands of one folder share their key, and so their ids."""
    return siyu.open(path, **{"store": ":memory:", **more})


def copied(path: Path, to: Path) -> Brand:
    """Open a copy of a brand that has its store in its folder, as ``store.duckdb``."""
    return opened(shutil.copytree(path, to), store=to / "store.duckdb")


def happened(who: str, what: str, when: str, name: str, **more: object) -> dict[str, Any]:
    """Return one event of a member, in UTC."""
    return {"identity": f"wecom:{who}", "type": what, "time": when, "source_id": name, **more}


def rows(brand: Brand, table: str, *columns: str) -> list[tuple[Any, ...]]:
    """Return the rows of a table, in the order of the log where it is one."""
    order = " ORDER BY seq" if table in LOGS else ""
    names = ", ".join(f'"{name}"' for name in columns) or "*"
    with brand.store.opened() as session:
        return session.cursor.execute(f'SELECT {names} FROM "{table}"{order}').fetchall()


def contents(brand: Brand, *, without: Iterable[str] = ()) -> dict[str, list[tuple[Any, ...]]]:
    """Return all tables but for what may differ between equal histories.

    These are seq, run numbers, how long it took, and addresses, which are encrypted anew each time.
    """
    left_out = {"seq", "run", "seconds", "watermark", "low", "high"}
    unlike = {("runs", "id"), ("addresses", "value")}
    found = {}
    for table, names, held in _everything(brand, set(TABLES) - set(without)):
        kept = [at for at, name in enumerate(names) if name not in left_out and (table, name) not in unlike]
        found[table] = sorted((tuple(row[at] for at in kept) for row in held), key=repr)
    return found


def fingerprints(brand: Brand) -> dict[str, tuple[int, str]]:
    """Return for every table how many rows it has, and a hash of all that is in it, its columns included."""
    found = {}
    for table, names, held in _everything(brand, TABLES):
        text = repr((names, sorted(held, key=repr)))
        found[table] = (len(held), sha256(text.encode()).hexdigest())
    return found


def gapless(brand: Brand) -> None:
    """Assert that the rows of all logs together are numbered 1, 2, 3 …, and the tables know of no others."""
    query = " UNION ALL ".join(f'SELECT seq FROM "{table}"' for table in LOGS)
    with brand.store.opened() as session:
        numbers = sorted(number for (number,) in session.cursor.execute(query).fetchall())
    assert numbers == list(range(1, len(numbers) + 1))
    assert brand.store.last == len(numbers)


def rounds(quick: int, full: int) -> int:
    """Return how many rounds a test does, by the profile that ``make test`` or ``make test-all`` chose."""
    return full if os.environ.get("SIYU_ROUNDS") == "all" else quick


def _everything(brand: Brand, tables: Iterable[str]) -> Iterator[tuple[str, list[str], list[tuple[Any, ...]]]]:
    """Yield of each table, by name, its columns and its rows in any order."""
    with brand.store.opened() as session:
        for table in sorted(tables):
            told = session.cursor.execute(f'FROM "{table}"')
            yield table, [column[0] for column in told.description], told.fetchall()
