"""The best combination of coupons against trying all of them, in the plainest words."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.brands import rounds

from siyu.config.units import Money, Share
from siyu_plugins.incentives._baskets import Basket, BasketLine, parted
from siyu_plugins.incentives._combining import best
from siyu_plugins.incentives._discounts import Discount, Present

SKUS = ["G01", "T01", "T02"]


@st.composite
def coupons(draw: st.DrawFn) -> dict[str, Discount]:
    return {name: draw(discounts()) for name in draw(st.lists(st.sampled_from("abcdef"), unique=True, max_size=6))}


@st.composite
def discounts(draw: st.DrawFn) -> Discount:
    sort = draw(st.sampled_from(["off", "off", "percent", "gift"]))
    threshold = draw(st.sampled_from([0, 1, 30, 100, 150]))
    gives: dict[str, dict[str, Any]] = {
        "off": {"off": Money(draw(st.integers(1, 80)))},
        "percent": {"percent": Share(draw(st.sampled_from([1, 250, 1_500, 5_000, 10_000])))},
        "gift": {"gift": Present(sku="X", worth=Money(draw(st.integers(1, 60))))},
    }
    return Discount(
        from_=Money(threshold),
        every=sort == "off" and threshold > 0 and draw(st.booleans()),
        most=draw(st.sampled_from([None, None, Money(20)])),
        skus=tuple(draw(st.sampled_from([[], [], ["G01"], ["T01", "T02"]]))),
        order=draw(st.integers(0, 2)),
        group=draw(st.sampled_from(["", "", "shop", "brand"])),
        alone=draw(st.sampled_from([False, False, False, True])),
        times=draw(st.sampled_from([1, 1, 2])),
        **gives[sort],
    )


baskets = st.lists(st.builds(BasketLine, st.sampled_from(SKUS), st.integers(0, 160)), min_size=1, max_size=4).map(
    lambda lines: Basket(tuple(lines))
)


def worth(rules: dict[str, Discount], basket: Basket, names: tuple[str, ...]) -> int | None:
    """Return what a set of coupons gives, one after another; None where they clash, or one gives nothing."""
    for one, other in combinations(sorted(set(names)), 2):
        if rules[one].alone or rules[other].alone or (rules[one].group and rules[one].group == rules[other].group):
            return None
    left = [line.amount for line in basket.lines]
    total = 0
    for name in sorted(names, key=lambda name: (rules[name].order, name)):
        rule = rules[name]
        mine = [place for place, line in enumerate(basket.lines) if not rule.skus or line.sku in rule.skus]
        base = sum(left[place] for place in mine)
        if base < rule.from_.minor or base == 0:
            return None
        if rule.gift is not None:
            total += rule.gift.worth.minor
            continue
        if rule.percent is not None:
            off = int(base * rule.percent.basis_points / 10_000 + 0.5)
        else:
            assert rule.off is not None
            off = rule.off.minor * (base // rule.from_.minor if rule.every else 1)
        off = min([off, base] + ([rule.most.minor] if rule.most else []))
        if off == 0:
            return None
        total += off
        for place, part in zip(mine, parted(off, [left[place] for place in mine]), strict=True):
            left[place] -= part
    return total


@given(rules=coupons(), basket=baskets, held=st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 2)))
@settings(max_examples=rounds(150, 3000))
def test_no_combination_gives_more_than_the_one_that_is_found(
    rules: dict[str, Discount], basket: Basket, held: dict[str, int]
) -> None:
    copies = [name for name in rules for _ in range(min(rules[name].times, held.get(name, 1)))]
    sets = {tuple(sorted(names)) for n in range(len(copies) + 1) for names in combinations(copies, n)}
    values = {names: value for names in sets if (value := worth(rules, basket, names)) is not None}
    choice = best(rules, basket, held)
    assert choice.exact
    found = tuple(sorted(choice.combination.names))
    assert values[found] == choice.combination.value == max(values.values())
    assert len(found) == min(len(names) for names, value in values.items() if value == values[found])
    assert {one.coupon for one in choice.refused} == set(copies) - set(found)
    for one in choice.refused:
        most = max((value for names, value in values.items() if one.coupon in names), default=0)
        gives = values.get((one.coupon,))
        assert (one.value, one.coupon in one.instead) == ((most, True) if gives else (0, False))


@given(rules=coupons(), basket=baskets)
@settings(max_examples=rounds(60, 600))
def test_what_is_taken_off_the_lines_is_what_is_taken_off_the_basket(
    rules: dict[str, Discount], basket: Basket
) -> None:
    combination = best(rules, basket).combination
    for one in combination.applied:
        assert sum(one.parts) == one.saved
        assert all(
            part == 0 or rules[one.coupon].takes(line) for part, line in zip(one.parts, basket.lines, strict=True)
        )
    taken = [sum(parts) for parts in zip(*(one.parts for one in combination.applied), strict=True)] or [0] * len(
        basket.lines
    )
    assert [line.amount - part for line, part in zip(basket.lines, taken, strict=True)] == list(combination.left)
    assert all(left >= 0 for left in combination.left)


@given(weights=st.lists(st.integers(0, 1000), min_size=1), data=st.data())
def test_parts_are_exact_and_near_their_share(weights: list[int], data: st.DataObject) -> None:
    amount = data.draw(st.integers(0, sum(weights)))
    parts = parted(amount, weights)
    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert 0 <= part <= weight
        assert abs(part * (sum(weights) or 1) - amount * weight) < (sum(weights) or 1)
