"""Codes of one use each: who may take what by them, and what is said of those that are not right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.brands import HEAD, folder, opened, rows

from siyu.offering import Term

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from siyu.brand import Brand

NOW = "2026-11-10T12:00:00"
TOML = (
    HEAD
    + """
[incentive.coupon]
use = "coupon"
from = 2026-11-01
items = { card = { off = "20.00", codes = 3 }, other = { off = "20.00", codes = 3 } }
"""
)


@pytest.fixture
def brand(tmp_path: Path) -> Iterator[Brand]:
    with opened(folder(tmp_path, TOML)) as one:
        yield one


def code(brand: Brand, number: int, item: str = "card") -> str:
    (made,) = brand.vouchers("coupon", item).codes(range(number, number + 1))
    return made


def ask(brand: Brand, who: str, name: str, typed: str, quantity: int = 1) -> tuple[str, str]:
    asked = {"member": f"wecom:{who}", "id": name, "item": "card", "quantity": quantity, "now": NOW}
    answer = brand.claim("coupon", code=typed, **asked)  # type: ignore[arg-type]
    return answer.kind, answer.reason


def test_a_code_is_taken_once_by_whoever_comes_first(brand: Brand) -> None:
    assert ask(brand, "m1", "r1", code(brand, 1).lower()) == ("granted", "")
    for again in (False, True):
        assert ask(brand, "m2", f"r2{again}", code(brand, 1)) == ("refused", "the code was used before")
        assert ask(brand, "m1", "r1", code(brand, 1)) == ("granted", "")
        brand._grants.forget()
    assert ask(brand, "m2", "r3", code(brand, 2)) == ("granted", "")
    lots = [(lot, amount) for lot, amount in rows(brand, "grants", "lot", "amount") if amount]
    assert lots == [("code:1", 1), ("code:2", 1)]


def test_what_is_no_code_is_refused(brand: Brand) -> None:
    assert ask(brand, "m1", "r1", " ") == ("refused", "it takes a code")
    # Made-up letters, a code of another coupon, and one of more codes than there are.
    for number, typed in enumerate(("AAAA-AAAA-AAAA-AAAA", code(brand, 1, "other"), code(brand, 3))):
        assert ask(brand, "m1", f"s{number}", typed) == ("refused", "the code is not the right one")
    assert ask(brand, "m1", "r2", code(brand, 0), 2) == ("refused", "one at a time can be had by a code")


def test_a_batch_takes_it_once_as_well(brand: Brand) -> None:
    row = {"incentive": "coupon", "item": "card", "code": code(brand, 0)}
    asked = [{**row, "member": f"wecom:m{number}", "id": f"r{number}"} for number in range(3)]
    assert [answer.kind for answer in brand.claims(asked, now=NOW)] == ["granted", "refused", "refused"]


def test_terms_that_do_not_go_with_codes_are_refused() -> None:
    for wrong in ({"code": "TEA"}, {"unpaid": 60}, {"transfer": True}, {"shares": (1,)}):
        with pytest.raises(ValueError, match="expected codes without"):
            Term(item="card", codes=3, **wrong)
