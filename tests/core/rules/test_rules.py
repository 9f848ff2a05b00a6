"""Each rule, broken and kept, by components that state the facts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from siyu.errors import Problem

    Judge = Callable[..., list[Problem]]

US = '[brand]\nname = "Shop"\ncurrency = "USD"\nzone = "UTC"\n[gate]\nunknown_zone = "strictest"\n'
CONTENT = """
[content.words]
use = "library"
[content.words.items.hi]
kind = "promo"
text = "{text}"
purpose = "{purpose}"
"""
SENT = """
[content.words]
use = "library"
[content.words.items.hi]
kind = "promo"
text = "回复 TD 退订"
[channel.wire]
use = "wire"
message = "template"
[campaign.news]
use = "journey"
from = 2026-12-01
purpose = "{purpose}"
start = {{ event = "joined" }}
steps = [{{ id = "hello", say = "hi", via = "wire" }}]
"""
POINTS = '[incentive.points]\nuse = "points"\nfrom = 2026-12-01\n'
REFERRAL = (
    POINTS + 'earn = [{ event = "paid", points = 1 }]\n[incentive.friends]\nuse = "referral"\nfrom = 2026-12-01\n'
)
SALE = """
[incentive.sale]
use = "flash-sale"
from = 2026-12-01
items = [
  { sku = "G01", price = "99.00", was = "169.00", stock = 800 },
]
"""


def draw(*lines: str) -> str:
    return "\n".join(['[incentive.draw]\nuse = "draw"\nfrom = 2026-12-01', *lines])


def chain(*lines: str) -> str:
    return "\n".join(['[incentive.chain]\nuse = "chain"\nfrom = 2026-12-01', *lines])


def wire(*lines: str) -> str:
    return "\n".join(['[channel.wire]\nuse = "wire"', *lines])


def names(problems: list[Problem]) -> list[str]:
    return [re.findall(r"rule (\S+) of", problem.message)[0] for problem in problems]


@pytest.mark.parametrize(
    ("text", "rule", "line"),
    [
        (POINTS + 'earn = [{ event = "shared", points = 1 }]', "share-reward", "earn = ["),
        (chain("entry_fee = true"), "referral-entry-fee", "entry_fee = true"),
        (chain("pays_per_head = true"), "referral-head-count", "pays_per_head = true"),
        (chain("depth = 2"), "referral-depth", "depth = 2"),
        (
            REFERRAL + 'counts = { event = "joined" }\ngives = { inviter = { points = 9 } }',
            "referral-head-count",
            "counts",
        ),
        (
            REFERRAL + 'basis = "counsel"\ngives = { inviter = { points = 9 }, above = { points = 1 } }',
            "referral-depth",
            "[incentive.friends]",
        ),
        (draw('prize = "50000.01"', "odds = true"), "lottery-prize", "[incentive.draw]"),
        (draw("odds = true"), "lottery-prize", "[incentive.draw]"),
        (draw('prize = "50000.00"'), "lottery-odds", "[incentive.draw]"),
        (draw('prize = "50000.00"', "odds = false"), "lottery-odds", "odds = false"),
        (SALE, "reference-price", "{ sku"),
        (SALE + 'was_lowest = "6d"', "reference-price", "{ sku"),
        (SENT.format(purpose="marketing"), "template-marketing", "steps = ["),
        (CONTENT.format(text="买它", purpose="marketing"), "opt-out-text", "text ="),
        (wire('data_region = "US"'), "cross-border", "[channel.wire]"),
    ],
)
def test_a_broken_rule_is_a_placed_problem(judged: Judge, text: str, rule: str, line: str) -> None:
    (problem,) = judged(text)
    assert names([problem]) == [rule]
    assert problem.source.strip().startswith(line)
    assert problem.line > 0
    assert problem.owner
    assert re.search(r"\(.+ \[[OSK]\]\)$", problem.message)
    assert problem.hint


@pytest.mark.parametrize(
    "text",
    [
        POINTS + 'earn = [{ event = "paid", points = 1 }]',
        chain("depth = 1"),
        REFERRAL + "gives = { inviter = { points = 200 }, friend = { points = 50 } }",
        draw('prize = "50000.00"', "odds = true"),
        SALE + 'was_lowest = "7d"',
        SENT.format(purpose="service"),
        CONTENT.format(text="买它，回 TD 退订", purpose="marketing"),
        CONTENT.format(text="您的订单已发货", purpose="service"),
        wire('data_region = "CN"'),
        wire('data_region = "US"', 'transfer_basis = "separate consent, kept in the CRM"'),
        wire(),
    ],
)
def test_a_rule_that_is_kept_says_nothing(judged: Judge, text: str) -> None:
    assert judged(text) == []


def test_three_levels_break_the_rule_that_nobody_can_waive(judged: Judge) -> None:
    assert names(judged(chain("depth = 3"))) == ["referral-depth", "referral-pyramid"]


@pytest.mark.parametrize(
    ("lines", "rules"),
    [
        ((), ["mail-address", "mail-one-click"]),
        (('postal_address = "1 Main St"', 'one_click = "http://a.example/u"'), ["mail-one-click"]),
        (('postal_address = "1 Main St"', 'one_click = "https://a.example/u"'), []),
        (('message = "sms"',), []),
    ],
)
def test_mail_has_an_address_and_one_click(judged: Judge, lines: tuple[str, ...], rules: list[str]) -> None:
    assert names(judged(wire(*lines), packs='"us-2026"', head=US)) == rules


def test_a_reduction_in_the_eu_counts_from_thirty_days(judged: Judge) -> None:
    assert names(judged(SALE + 'was_lowest = "29d"', packs='"eu-2026"')) == ["reference-price"]
    assert judged(SALE + 'was_lowest = "30d"', packs='"eu-2026"') == []


def test_data_stay_in_the_eu(judged: Judge) -> None:
    kept = 'one_click = "https://a.example/u"'
    assert judged(wire(kept, 'data_region = "FR"'), packs='"eu-2026"') == []
    assert names(judged(wire(kept, 'data_region = "US"'), packs='"eu-2026"')) == ["cross-border"]


@pytest.mark.parametrize(
    ("gate", "rule", "line"),
    [
        ('[gate]\nquiet = "22:00-09:00"\n[gate.age]\nleast = 18\n', "quiet-hours", "quiet ="),
        ('[gate]\nconsent = "unless-withdrawn"\n[gate.age]\nleast = 18\n', "consent", "consent ="),
        ("[gate.age]\nleast = 17\n", "minors", "[gate.age]"),
        ('[gate.age]\nleast = 18\nunknown = "allow"\n', "minors-unknown", "[gate.age]"),
    ],
)
def test_the_gate_keeps_the_rules_too(judged: Judge, gate: str, rule: str, line: str) -> None:
    (problem,) = judged("", head=f'[brand]\nname = "Tea"\n{gate}')
    assert names([problem]) == [rule]
    assert problem.source.startswith(line)


def test_a_gate_that_is_not_written_is_judged_by_its_defaults(judged: Judge) -> None:
    problems = judged("", head='[brand]\nname = "Tea"\n')
    assert names(problems) == ["minors", "minors-unknown"]
    assert {problem.source for problem in problems} == {'packs = ["cn-2026"]'}
    assert names(judged("", packs='"us-2026"', head='[brand]\nname = "Tea"\n')) == ["quiet-zone"]


def test_of_two_packs_both_are_kept(judged: Judge) -> None:
    problems = judged(SALE + 'was_lowest = "7d"', packs='"cn-2026", "eu-2026"')
    assert [problem.message.split(":")[0] for problem in problems] == ["rule reference-price of eu-2026"]


def test_all_that_is_broken_is_told_at_once(judged: Judge) -> None:
    assert len(judged(chain("depth = 3", "entry_fee = true", "pays_per_head = true"))) == 4
