"""Many who ask at once: exactly the stock is granted, and nobody gets two answers."""

from __future__ import annotations

import random
import threading
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from tests.brands import EVERYTHING, folder, gapless, happened, opened, rounds, rows

if TYPE_CHECKING:
    from pathlib import Path

    from siyu.brand import Brand
    from siyu.claims.counter import Answer

NOW = "2026-11-12T12:00"
THREADS = 12
STOCK = 7
TOML = EVERYTHING.replace("stock = 3", f"stock = {STOCK}")
DECIDED = {"reserved", "refused"}


def asking(brand: Brand, requests: list[tuple[str, str]]) -> list[Answer]:
    """Ask for all requests at once, each thread a share of them: who, and the request's id."""
    barrier = threading.Barrier(THREADS)

    def ask(part: list[tuple[str, str]]) -> list[Answer]:
        barrier.wait(60)
        return [brand.claim("sale", member=f"wecom:{who}", id=name, now=NOW) for who, name in part]

    with ThreadPoolExecutor(THREADS) as pool:
        found = pool.map(ask, [requests[first::THREADS] for first in range(THREADS)])
        return [answer for part in found for answer in part]


def check(brand: Brand, answers: list[Answer]) -> None:
    """Assert that exactly the stock was granted, each request has one line, and every answer is that line's."""
    lines = [line for line in rows(brand, "grants", "request", "kind", "amount", "reason") if line[1] in DECIDED]
    ledger = {request: kind for request, kind, _, _ in lines}
    assert len(ledger) == len(lines)
    assert sum(amount for _, kind, amount, _ in lines if kind == "reserved") == STOCK
    told = defaultdict(set)
    for answer in answers:
        told[answer.id].add((answer.kind, answer.granted, answer.amount, answer.reason, answer.until))
    assert {len(given) for given in told.values()} == {1}
    assert {name: next(iter(given))[0] for name, given in told.items()} == ledger
    gapless(brand)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(rounds(2, 10)))
def test_the_last_units_go_out_once(tmp_path: Path, seed: int) -> None:
    requests = [(f"m{number}", f"r{number}") for number in range(30)] * 2
    random.Random(seed).shuffle(requests)
    with opened(folder(tmp_path, TOML)) as brand:
        answers = asking(brand, requests)
        assert len(answers) == 60
        check(brand, answers)
        claimed = rows(brand, "events", "source_id", "type")
        assert Counter(claimed) == {(f"r{number}", "claimed"): 1 for number in range(30)}
        again = [brand.claim("sale", member=f"wecom:{who}", id=name, now=NOW) for who, name in requests[:3]]
        check(brand, [*answers, *again])


@pytest.mark.slow
def test_the_last_units_go_out_once_while_runs_and_facts_come_in(tmp_path: Path) -> None:
    requests = [(f"m{number}", f"r{number}") for number in range(36)]
    with opened(folder(tmp_path, TOML)) as brand, ThreadPoolExecutor(2) as pool:
        others = [pool.submit(work) for work in (lambda: passes(brand), lambda: facts(brand))]
        answers = asking(brand, requests)
        for other in others:
            other.result(120)
        brand.run(now=NOW)
        check(brand, answers + brand.claims([claim(f"e{number}") for number in range(5)], now=NOW))


def claim(name: str) -> dict[str, object]:
    return {"incentive": "sale", "member": f"wecom:{name}", "id": name}


def passes(brand: Brand) -> None:
    brand.run(now=NOW)
    brand.tick(now=NOW)
    brand.plan(now=NOW)


def facts(brand: Brand) -> None:
    """Take in orders, payments of nothing, and claims by the other door."""
    for number in range(5):
        news = [
            happened(f"e{number}", "ordered", "2026-11-12T03:00", f"o{number}", amount=5000),
            happened(f"e{number}", "paid", "2026-11-12T03:30", f"p{number}", ref=f"none{number}", amount=5000),
            happened(
                f"e{number}", "claimed", "2026-11-12T03:45", f"e{number}", source="claims", subject="sale", ref="G01"
            ),
        ]
        brand.ingest(news, now=NOW)


def test_a_desk_that_is_opened_anew_goes_on_where_it_was(tmp_path: Path) -> None:
    path = folder(tmp_path, TOML)
    store = tmp_path / "store.duckdb"
    answers: list[Answer] = []
    for first in range(0, 12, 3):
        with opened(path, store=store) as brand:
            answers += [
                brand.claim("sale", member=f"wecom:m{number}", id=f"r{number}", now=NOW)
                for number in [*range(first, first + 3), 0]
            ]
    with opened(path, store=store) as brand:
        check(brand, answers)
