"""The counter: what waits is settled together, a failure is told to all who wait, and many are cut into commits."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from tests.brands import EVERYTHING, folder, gapless, happened, opened, rows

from siyu.claims import counter
from siyu.claims.keeping import keep
from siyu.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from siyu.brand import Brand

NOW = "2026-11-12T12:00"
THREADS = 8


@pytest.fixture
def brand(tmp_path: Path) -> Iterator[Brand]:
    with opened(folder(tmp_path, EVERYTHING)) as found:
        yield found


def claim(name: str, **more: object) -> dict[str, object]:
    return {"incentive": "sale", "member": f"wecom:m{name}", "id": f"r{name}", **more}


def kept(monkeypatch: pytest.MonkeyPatch, before: Callable[[int], None]) -> list[int]:
    """Note how many claims each commit keeps, after something else was done with their number."""
    sizes: list[int] = []

    def noted(*given: Any) -> None:  # noqa: ANN401 - as what it stands for
        before(len(given[3]))
        sizes.append(len(given[3]))
        keep(*given)

    monkeypatch.setattr(counter, "keep", noted)
    return sizes


def test_claims_that_come_while_others_are_settled_are_settled_together(
    brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, free = threading.Event(), threading.Event()

    def wait(_: int) -> None:
        reached.set()
        assert free.wait(60)

    sizes = kept(monkeypatch, wait)
    with ThreadPoolExecutor(THREADS) as pool:
        first = pool.submit(brand.claim, "sale", member="wecom:m0", id="r0", now=NOW)
        assert reached.wait(60)
        others = [
            pool.submit(brand.claim, "sale", member=f"wecom:m{number}", id=f"r{number}", now=NOW)
            for number in range(1, THREADS)
        ]
        while len(brand._counter._waiting) < THREADS - 1:
            assert not any(other.done() for other in others)
        free.set()
        answers = [first.result(60), *(other.result(60) for other in others)]
    assert sizes == [1, THREADS - 1]
    assert sum(answer.granted for answer in answers) == 3
    gapless(brand)


def test_a_failure_is_told_to_all_who_wait_and_the_next_ones_start_afresh(
    brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    barrier = threading.Barrier(THREADS)

    def fail(_: int) -> None:
        raise OSError("the disk is full")

    def ask(number: int) -> bool:
        barrier.wait(60)
        return brand.claim("sale", member=f"wecom:m{number}", id=f"r{number}", now=NOW).granted

    brand.claim("sale", member="wecom:first", id="first", now=NOW)
    with monkeypatch.context() as patch:
        kept(patch, fail)
        with ThreadPoolExecutor(THREADS) as pool:
            found = [pool.submit(ask, number) for number in range(THREADS)]
            assert all("disk" in str(one.exception(60)) for one in found)
    with ThreadPoolExecutor(THREADS) as pool:
        assert sum(pool.map(ask, range(THREADS))) == 2
    assert len(rows(brand, "grants", "id")) == THREADS + 1
    gapless(brand)


def test_many_are_kept_in_several_commits_with_the_answers_in_their_order(
    brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counter, "_MOST", 4)
    sizes = kept(monkeypatch, lambda _: None)
    names = ["1", "2", "3", "1", "4", "5", "6", "1", "2", "7"]
    answers = brand.claims([claim(name) for name in names], now=NOW)
    assert sizes == [3, 3, 1]
    assert [answer.id for answer in answers] == [f"r{name}" for name in names]
    assert [answer.granted for answer in answers] == [name in {"1", "2", "3"} for name in names]
    gapless(brand)


def test_a_payment_that_came_in_by_another_door_counts_for_the_next_claim(brand: Brand) -> None:
    brand.claim("sale", member="wecom:m1", id="r1", now=NOW)
    brand.ingest([happened("m1", "paid", "2026-11-12T04:05", "p1", ref="r1", amount=9900)], now="2026-11-12T12:05")
    brand.claim("sale", member="wecom:m2", id="r2", now="2026-11-12T13:00")
    kinds = [kind for (kind,) in rows(brand, "grants", "kind")]
    assert kinds == ["reserved", "confirmed", "reserved"]


def test_a_member_who_is_joined_later_keeps_one_counter(tmp_path: Path) -> None:
    toml = EVERYTHING.replace("stock = 3", "stock = 9, each = 1")
    with opened(folder(tmp_path, toml)) as brand:
        assert brand.claim("sale", member="wecom:m1", id="r1", now=NOW).granted
        brand.link("wecom:m1", "phone:+8613800138000", evidence="card", now=NOW)
        assert brand.claims([{**claim("2"), "member": "phone:13800138000"}], now=NOW)[0].granted is False


def test_what_a_claim_says_besides_is_kept_with_its_event(brand: Brand) -> None:
    brand.claim("sale", member="wecom:m1", id="r1", to="wecom:m2", now=NOW)
    brand.claims([claim("3", code="TEA"), claim("4", code=None)], now=NOW)
    props = [f'{{"to": "{brand.number("wecom:m2")}"}}', '{"code": "TEA"}', None]
    assert [text for (text,) in rows(brand, "events", "props")] == props


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"incentive": "sale", "id": "r1"}, "there is no member"),
        ({"member": "wecom:m1", "id": "r1"}, "there is no incentive"),
        (claim("1", incentive="gift"), "no incentive 'gift' takes claims"),
        (claim("1", member="nobody"), "'nobody' is no member"),
        (claim("1", member=None), "claim 1 has no member"),
        (claim("1", quantity=1.5), "claim 1 asks for 1.5; a quantity is a whole number"),
    ],
)
def test_claims_that_cannot_be_asked_say_why(brand: Brand, row: dict[str, object], words: str) -> None:
    with pytest.raises(UserError, match=words):
        brand.claims([row], now=NOW)
    assert not rows(brand, "events", "id")
