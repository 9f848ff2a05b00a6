from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.config.units import DAY, ClockRange, Money
from siyu.rules.checks import breach, mentions
from siyu.rules.facts import FACTS
from siyu.rules.limits import covers, limit_of, looser, parsed
from siyu.rules.pack import Rule, known, read

ALL = [rule for name in known() for rule in read(name).rules.values()]


def test_the_manual_lists_all_rules_and_facts() -> None:
    page = (Path(__file__).parents[3] / "docs" / "rules.md").read_text(encoding="utf-8")
    packs: dict[str, list[str]] = {}
    for rule in ALL:
        packs.setdefault(rule.name, []).append(rule.pack.partition("-")[0])
    for name, holding in packs.items():
        assert f"| `{name}` | {', '.join(holding)} |" in page
    for name, fact in FACTS.items():
        assert (f"| `{name}` | " in page.partition("## Facts")[2]) != fact.own


def test_the_packs_travel_with_siyu() -> None:
    assert known() == ["cn-2026", "eu-2026", "us-2026"]
    assert all((files("siyu") / "packs" / f"{name}.toml").is_file() for name in known())


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: f"{rule.pack}-{rule.name}")
def test_every_rule_is_whole(rule: Rule) -> None:
    assert rule.demand.strip()
    assert rule.source.strip()
    assert rule.mend.strip()
    assert {rule.fact, *rule.when, *rule.unless} <= set(FACTS)
    assert (rule.limit is None) == (rule.check in ("not", "stated"))
    assert bool(rule.currency) == (FACTS[rule.fact].takes is Money)
    if rule.limit is not None:
        assert not looser(rule, limit_of(rule))


@pytest.mark.parametrize(
    ("pack", "name", "grade", "waivable"),
    [
        ("cn-2026", "share-reward", "S", True),
        ("cn-2026", "referral-head-count", "O", False),
        ("cn-2026", "referral-depth", "O", True),
        ("cn-2026", "lottery-prize", "O", False),
        ("cn-2026", "quiet-hours", "S", True),
        ("eu-2026", "reference-price", "O", True),
        ("us-2026", "mail-address", "S", False),
        ("us-2026", "quiet-hours", "S", False),
    ],
)
def test_grades_and_waivers_are_as_the_sources_allow(pack: str, name: str, grade: str, waivable: bool) -> None:  # noqa: FBT001
    rule = read(pack).rules[name]
    assert (rule.grade, rule.waivable) == (grade, waivable)


@pytest.mark.parametrize(
    ("pack", "name", "tighter", "loose"),
    [
        ("cn-2026", "quiet-hours", "20:00-09:00", "22:00-08:00"),
        ("cn-2026", "lottery-prize", "49999.99", "50000.01"),
        ("cn-2026", "referral-depth", 0, 2),
        ("cn-2026", "reference-price", 30, 6),
        ("cn-2026", "opt-out-text", ("退订",), ("退订", "再见")),
        ("cn-2026", "share-reward", ("shared", "voted"), ("voted",)),
        ("cn-2026", "minors", 21, 17),
    ],
)
def test_a_limit_is_tighter_or_looser(pack: str, name: str, tighter: Any, loose: Any) -> None:  # noqa: ANN401
    rule = read(pack).rules[name]
    assert looser(rule, parsed(rule, tighter)) == ""
    assert looser(rule, parsed(rule, loose))


@given(*[st.integers(0, 95)] * 4)
def test_covering_is_covering_every_quarter_of_an_hour(start: int, end: int, first: int, last: int) -> None:
    if start == end or first == last:
        return
    outer, inner = ClockRange(start * 900, end * 900), ClockRange(first * 900, last * 900)

    def quarters(one: ClockRange) -> set[int]:
        return {(one.start + step) % DAY for step in range(0, (one.end - one.start) % DAY, 900)}

    assert covers(outer, inner) == (quarters(inner) <= quarters(outer))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("回复 TD 退订", True),
        ("不想收到消息，回复TD即可", True),
        ("CTD scan", False),
        ("reply stop", False),
        ("Reply STOP to end", True),
        ("STOPPED", False),
        ("Unsubscribe here", True),
        ("", False),
    ],
)
def test_words_count_as_they_are_written(text: str, found: bool) -> None:  # noqa: FBT001
    assert mentions(text, ["TD", "STOP", "unsubscribe"]) == found


def test_money_of_another_currency_is_never_let_through() -> None:
    rule = read("cn-2026").rules["lottery-prize"]
    facts = {"lottery": True, "highest_prize": Money(100)}
    assert breach(rule, facts, "CNY") is None
    assert "cannot be compared" in (breach(rule, facts, "EUR") or "")
