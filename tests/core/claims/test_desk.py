"""What claims cost, who waits, what moves, and what budgets allow: one case each, in the words that people read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.brands import HEAD, folder, gapless, happened, opened, rows
from tests.offers import CODE, LASTS, OPENS, PENDING, UNPAID, offering

from siyu.errors import ConfigError
from siyu.moments import moment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from siyu.brand import Brand

NOON = moment("2026-11-12T12:00", "Asia/Shanghai")
SOON = NOON + PENDING
TOML = (
    HEAD
    + """
[campaign.festival]
use = "broadcast"
from = 2026-11-01
on = 2026-11-30
at = "10:00"
say = "hi"
via = "box"
{budget}
[incentive.wallet]
use = "wallet"
from = 2026-11-01
during = "festival"
{wallet}
[incentive.goods]
use = "goods"
from = 2026-11-01
{goods}
"""
)


def told(tmp_path: Path, budget: str = "", wallet: str = "", goods: str = "") -> Path:
    return folder(tmp_path, TOML.format(budget=budget, wallet=wallet, goods=goods))


@pytest.fixture
def brand(tmp_path: Path) -> Iterator[Brand]:
    with opened(told(tmp_path), plugins=offering()) as found:
        yield found


def earn(brand: Brand, **units: int) -> None:
    """Let members earn units, one lot for each, which can be used from ``SOON`` on."""
    when = "2026-11-12T04:00:00"
    brand.ingest(
        [happened(who, "ordered", when, f"o-{who}", ref=f"o-{who}", amount=100 * n) for who, n in units.items()]
    )
    brand.run(now=NOON)


def ask(brand: Brand, who: str, item: str, second: int = SOON, **more: Any) -> tuple[str, int, str]:  # noqa: ANN401
    name = f"{who}-{item}-{second}"
    incentive = "wallet" if item == "send" else "goods"
    answer = brand.claim(incentive, member=f"wecom:{who}", id=name, item=item, now=second, **more)
    assert answer.granted == (answer.kind in {"granted", "reserved", "transferred"})
    return answer.kind, answer.amount, answer.reason


def balances(brand: Brand, incentive: str = "wallet") -> dict[int, int]:
    found: dict[int, int] = {}
    for name, member, amount in rows(brand, "grants", "incentive", "member", "amount"):
        if name == incentive:
            found[member] = found.get(member, 0) + amount
    return found


def test_a_claim_takes_the_lots_that_end_first_and_says_what_is_missing(brand: Brand) -> None:
    earn(brand, m1=5)
    assert ask(brand, "m1", "bag", SOON - 1) == ("refused", 0, "the member has too few wallet: 0 of 2")
    assert ask(brand, "m1", "bag", quantity=2) == ("granted", 2, "")
    assert ask(brand, "m1", "bag", SOON + 1) == ("refused", 0, "the member has too few wallet: 1 of 2")
    spent = [line for line in rows(brand, "grants", "kind", "amount", "cause_kind", "lot") if line[0] == "redeemed"]
    lot = next(lot for kind, lot in rows(brand, "grants", "kind", "lot") if kind == "earned")
    assert spent == [("redeemed", -4, "claim", lot)]
    gapless(brand)


def test_lots_that_have_ended_pay_for_nothing(brand: Brand) -> None:
    earn(brand, m1=5)
    assert ask(brand, "m1", "bag", SOON + LASTS)[2] == "the member has too few wallet: 0 of 2"
    assert ask(brand, "m1", "bag", SOON + LASTS - 1)[0] == "granted"


def test_what_a_claim_gave_can_pay_for_another_until_it_ends(brand: Brand) -> None:
    earn(brand, m1=5)
    ask(brand, "m1", "bag", quantity=2)
    assert ask(brand, "m1", "box", SOON + 1) == ("refused", 0, "it takes a code")
    assert ask(brand, "m1", "box", SOON + 2, code="Tee-8") == ("refused", 0, "the code is not the right one")
    assert ask(brand, "m1", "box", SOON + 3, code=f" {CODE.upper()} ") == ("granted", 1, "")
    assert ask(brand, "m1", "box", SOON + OPENS, code=CODE)[2] == "the member has too few bag of goods: 0 of 1"
    assert ask(brand, "m1", "box", SOON + OPENS - 1, code=CODE)[0] == "granted"


def test_a_released_unit_gives_back_what_paid_for_it_and_goes_to_who_waits(brand: Brand) -> None:
    earn(brand, m1=6, m2=6, m3=6, m4=2)
    assert ask(brand, "m1", "cup", quantity=2) == ("reserved", 2, "")
    assert ask(brand, "m4", "cup", SOON + 10) == ("waiting", 0, "it is sold out; place 1 in the queue")
    assert ask(brand, "m2", "cup", SOON + 20) == ("waiting", 0, "it is sold out; place 2 in the queue")
    assert ask(brand, "m3", "cup", SOON + 30, quantity=3)[2] == "it is sold out"
    brand._grants.forget()
    # m4 has too little by then, m2 is next, and one unit is left for m3.
    assert ask(brand, "m3", "cup", SOON + UNPAID) == ("reserved", 1, "")
    assert ask(brand, "m4", "cup", SOON + 10) == ("refused", 0, "the member has too few wallet: 2 of 3")
    assert ask(brand, "m2", "cup", SOON + 20) == ("reserved", 1, "")
    assert sorted(balances(brand).values()) == [2, 3, 3, 6]
    kinds = [kind for kind, item in rows(brand, "grants", "kind", "item") if item == "cup" or kind == "restored"]
    waited = ["reserved", "waiting", "waiting", "refused", "released", "restored", "refused", "reserved", "reserved"]
    assert kinds == waited
    gapless(brand)


def test_a_run_serves_those_who_wait_and_turns_them_away_when_it_is_over(tmp_path: Path) -> None:
    with opened(told(tmp_path, goods="until = 2026-11-12"), plugins=offering()) as brand:
        earn(brand, m1=6, m2=3, m3=3)
        ask(brand, "m1", "cup", quantity=2)
        waited = [ask(brand, who, "cup", SOON + 10, quantity=n)[0] for who, n in (("m2", 1), ("m3", 2))]
        assert waited == ["waiting"] * 2
        plan = brand.plan(now=SOON + UNPAID)
        assert plan.counts["grants"] == 3
        plan.close()
        assert brand.run(now=SOON + UNPAID - 1).counts["grants"] == 0
        brand.run(now=SOON + UNPAID)
        assert ask(brand, "m2", "cup", SOON + 10) == ("reserved", 1, "")
        assert ask(brand, "m3", "cup", SOON + 10)[0] == "waiting"
        brand.run(now=SOON + 86400)
        assert ask(brand, "m3", "cup", SOON + 10) == ("refused", 0, "it is over")
        gapless(brand)


def test_what_comes_back_to_a_lot_that_has_ended_has_ended_too(brand: Brand) -> None:
    earn(brand, m1=3)
    late = SOON + LASTS - 1
    assert ask(brand, "m1", "cup", late)[0] == "reserved"
    ask(brand, "m2", "packet", late + UNPAID)
    kinds = [kind for kind, name in rows(brand, "grants", "kind", "incentive") if name == "wallet"]
    assert kinds == ["earned", "redeemed", "restored", "expired"]
    assert set(balances(brand).values()) == {0}


def test_units_move_with_their_lots_and_to_people_who_are_known(brand: Brand) -> None:
    earn(brand, m1=5, m2=1)
    assert ask(brand, "m1", "send") == ("refused", 0, "it does not say to whom")
    assert ask(brand, "m1", "send", SOON + 1, to="wecom:m1")[2] == "nobody can give to themselves"
    assert ask(brand, "m1", "send", SOON + 2, to="wecom:m9")[2] == "nobody is known by the id of whom it is for"
    assert ask(brand, "m1", "send", SOON + 3, to="wecom:m2", quantity=6)[2] == "the member has too few wallet: 5 of 6"
    assert ask(brand, "m1", "send", SOON + 4, to="wecom:m2", quantity=4) == ("transferred", 4, "")
    brand._grants.forget()
    assert ask(brand, "m1", "send", SOON + 4, to="wecom:m2", quantity=4) == ("transferred", 4, "")
    assert sorted(balances(brand).values()) == [1, 5]
    assert ask(brand, "m2", "bag", SOON + LASTS - 1, quantity=2)[0] == "granted"
    assert ask(brand, "m2", "bag", SOON + LASTS)[0] == "refused"


def test_nobody_gives_to_a_member_whom_they_were_joined_with(brand: Brand) -> None:
    earn(brand, m1=5, m2=1)
    row = {"subject": "wallet", "ref": "send", "quantity": 2, "props": '{"to": "wecom:m2"}', "source": "claims"}
    brand.ingest([happened("m1", "claimed", "2026-11-12T04:15:00", "r1", **row)])
    brand.merge("wecom:m1", "wecom:m2", by="Li", why="one phone", now=SOON)
    brand.run(now=SOON + 3600)
    assert [line for line in rows(brand, "grants", "kind", "reason") if line[1]] == [
        ("refused", "nobody can give to themselves")
    ]
    assert ask(brand, "m2", "cup", SOON + 3600, quantity=2) == ("reserved", 2, "")


def test_shares_go_out_in_their_order_and_no_more_of_them(brand: Brand) -> None:
    given = [ask(brand, who, "packet", SOON + number) for number, who in enumerate(["m1", "m1", "m2", "m3", "m4"])]
    assert [amount for kind, amount, _ in given if kind == "granted"] == [5, 3, 0]
    assert [reason for kind, _, reason in given if kind == "refused"] == [
        "the member has as many as one may have",
        "it is sold out",
    ]
    assert ask(brand, "m5", "packet", SOON + 9, quantity=2)[2] == "one at a time can be had"


BUDGETS = "budget = [{ amount = 6 }, { amount = 5, per = 'day' }]"


def test_several_budgets_each_bound_their_own_span(tmp_path: Path) -> None:
    with opened(told(tmp_path, goods=BUDGETS), plugins=offering()) as brand:
        assert ask(brand, "m1", "packet") == ("granted", 5, "")
        assert ask(brand, "m2", "packet", SOON + 1)[2] == "the budget is spent"
        assert ask(brand, "m2", "packet", SOON + 86400)[2] == "the budget is spent"


WORTH = "worth = { units = 3, amount = '0.10' }"


@pytest.mark.parametrize("first", ["facts", "claims"])
def test_a_campaign_spends_its_budget_on_claims_and_facts_together(tmp_path: Path, first: str) -> None:
    # 9 units of the wallet cost 0.30, a packet of 5 costs 0.05, and there is 0.34.
    path = told(tmp_path, 'budget = { amount = "0.34" }', WORTH, "during = 'festival'\nworth = { amount = '0.01' }")
    steps: dict[str, Callable[[Brand], object]] = {
        "facts": lambda brand: earn(brand, m1=9),
        "claims": lambda brand: ask(brand, "m1", "packet"),
    }
    with opened(path, plugins=offering()) as brand:
        for name in sorted(steps, reverse=first == "facts"):
            steps[name](brand)
        refused = [line for line in rows(brand, "grants", "incentive", "kind", "reason") if line[1] == "refused"]
        late = "goods" if first == "facts" else "wallet"
        assert refused == [(late, "refused", "the campaign's budget is spent")]


def test_a_campaign_with_a_budget_asks_what_units_cost(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"campaign.festival has a budget in money"):
        opened(told(tmp_path, 'budget = { amount = "0.34" }'), plugins=offering())
    with pytest.raises(ConfigError, match="expected a budget in money"):
        opened(told(tmp_path, "budget = { amount = 34 }", WORTH), plugins=offering())
