"""Ids joined into members: siyu's resolution in the store beside networkx and SciPy, of the same links.

The peers read the links from the store's file and end with each id's least id in memory; siyu also looks whether too
many share an id, and its result is committed.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

import siyu

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Figure", "identity_figures"]

Figure = tuple[str, float, float | None, str]
"""What was measured, the number, the limit that it must keep, the unit."""

ROUNDS = 3
MEMBERS = int(1_000_000 * float(os.environ.get("SIYU_BENCH_SCALE", "1")))
A_DAY = MEMBERS // 100
NOW = 1_800_000_000
KINDS = ("wecom", "wechat", "phone", "email")

# A member has one to four ids, each linked with another one of theirs; the log has the links in no order.
_IDS = f"""
    CREATE TEMP TABLE ids AS
    SELECT person, place, ((('0x' || substr(sha256(concat(person, ':', place)), 1, 16))::UBIGINT) >> 2)::BIGINT AS id
    FROM range({MEMBERS}) AS people(person), range(4) AS places(place) WHERE place <= person % 4"""
_LINKS = """
    INSERT INTO links BY NAME
    SELECT one.id AS a, other.id AS b, 'unionid' AS evidence, 1 AS time, false AS undone,
        row_number() OVER (ORDER BY hash(one.id)) AS seq, 1 AS run
    FROM ids AS one JOIN ids AS other
    ON one.person = other.person AND other.place = CASE WHEN one.person % 3 = 0 THEN 0 ELSE one.place - 1 END
    WHERE one.place > 0"""
_IDENTITIES = f"""
    INSERT INTO identities BY NAME
    SELECT (['{"', '".join(KINDS)}'])[place + 1] AS kind, id AS value, id AS member, 1 AS since,
        (SELECT max(seq) FROM links) + row_number() OVER () AS seq, 1 AS run
    FROM ids"""
# A day joins people who were two members so far.
_DAY = f"""
    INSERT INTO links BY NAME
    SELECT one.id AS a, other.id AS b, 'till' AS evidence, 2 AS time, false AS undone,
        $last + row_number() OVER () AS seq, 2 AS run
    FROM ids AS one JOIN ids AS other ON other.person = one.person + 1 AND other.place = 0
    WHERE one.place = 0 AND one.person % {MEMBERS // A_DAY} = 1"""


def filled(folder: Path) -> None:
    """Write a brand whose store has the links and identities, and no members yet."""
    folder.mkdir()
    (folder / "brand.toml").write_text('[brand]\nname = "Bench"\n', encoding="utf-8")
    with siyu.open(folder) as brand:
        connection = brand.store._connection
        for query in (_IDS, _LINKS, _IDENTITIES):
            connection.execute(query)
        connection.execute("CHECKPOINT")


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Do some work; return its seconds, and what it gave."""
    begin = time.perf_counter()
    result = work()
    return time.perf_counter() - begin, result


def by_siyu(brand: siyu.Brand) -> None:
    """Bring who is one person up to the links, and commit it, as a tick begins."""
    brand._catch_up(NOW)


def by_scipy(brand: siyu.Brand) -> dict[str, Any]:
    """Return member and canon as arrays."""
    links = brand.store._connection.execute("SELECT a, b FROM links WHERE NOT undone").fetchnumpy()
    ids, places = np.unique(np.concatenate([links["a"], links["b"]]), return_inverse=True)
    half = len(links["a"])
    near = coo_matrix((np.ones(half, dtype=np.int8), (places[:half], places[half:])), shape=(len(ids), len(ids)))
    number, label = connected_components(near, directed=False)
    # The ids are in order, so the first of a component is its least.
    first = np.full(number, len(ids))
    np.minimum.at(first, label, np.arange(len(ids)))
    return {"member": ids, "canon": ids[first[label]]}


def by_networkx(brand: siyu.Brand) -> dict[int, int]:
    """Return canon by member."""
    graph = nx.Graph()
    graph.add_edges_from(brand.store._connection.execute("SELECT a, b FROM links WHERE NOT undone").fetchall())
    found: dict[int, int] = {}
    for component in nx.connected_components(graph):
        found |= dict.fromkeys(component, min(component))
    return found


def same(brand: siyu.Brand, peer: dict[str, Any]) -> None:
    """See that both came to the same members."""
    mine = brand.store._connection.execute("SELECT member, canon FROM canon ORDER BY member").fetchnumpy()
    if not all((mine[name] == peer[name]).all() for name in ("member", "canon")):
        message = "siyu and SciPy disagree on who is one person"
        raise AssertionError(message)


def identity_figures() -> list[Figure]:
    """Measure the full resolution beside its peers, and a day's links after it."""
    seconds: dict[str, list[float]] = {"siyu": [], "SciPy": [], "networkx": [], "day": [], "day anew": []}
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name, "brand")
            filled(folder)
            with siyu.open(folder) as brand:
                _measured(brand, seconds)
    middle = {name: median(values) for name, values in seconds.items()}
    return [
        (f"full resolution of {MEMBERS:,} members with {MEMBERS * 5 // 2:,} ids", middle["siyu"], None, "s"),
        ("the same by SciPy's connected components", middle["SciPy"], None, "s"),
        ("the same by networkx", middle["networkx"], None, "s"),
        ("siyu beside SciPy", middle["siyu"] / middle["SciPy"], None, "times"),
        ("siyu beside networkx", middle["siyu"] / middle["networkx"], None, "times"),
        (f"a day's {A_DAY:,} links, brought forward", middle["day"], None, "s"),
        ("a day's links by SciPy, from all links", middle["day anew"], None, "s"),
        ("a day beside the full resolution", middle["day"] / middle["siyu"], None, "times"),
    ]


def _measured(brand: siyu.Brand, seconds: dict[str, list[float]]) -> None:
    networkx, _ = timed(lambda: by_networkx(brand))
    scipy, peer = timed(lambda: by_scipy(brand))
    own, _ = timed(lambda: by_siyu(brand))
    same(brand, peer)
    connection = brand.store._connection
    connection.execute(_IDS)
    connection.execute(_DAY, {"last": brand.store.last})
    brand.store.last += A_DAY
    day, _ = timed(lambda: by_siyu(brand))
    anew, peer = timed(lambda: by_scipy(brand))
    same(brand, peer)
    measured = {"networkx": networkx, "SciPy": scipy, "siyu": own, "day": day, "day anew": anew}
    for name, value in measured.items():
        seconds[name].append(value)
