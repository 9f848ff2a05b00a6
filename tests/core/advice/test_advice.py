"""Each piece of advice, just below its threshold and just above."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from siyu.advice.advise import RULES
from siyu.advice.names import NAMES
from siyu.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from siyu.advice.advise import Advised

    Advise = Callable[..., list[Advised]]

POINTS = """
[incentive.points]
use = "points"
from = 2026-12-01
limit = {{ times = 3, per = "month" }}
budget = {{ amount = 500, per = "month" }}
pending = "7d"
expires = "90d"
earn = [{}]
"""


TILL = '[entry.till]\nuse = "simulate"\nfrom = 2026-08-01\n'
LIST = """[entry.till]
use = "files"
files = ["a.csv"]
type = "profiled"
id = "a"
member = "card:{b}"
time = "c"
"""


def earning(count: int) -> str:
    return POINTS.format(", ".join(f'{{ event = "ordered", points = 1, id = "r{each}" }}' for each in range(count)))


def stepping(count: int) -> str:
    steps = ", ".join(f'{{ id = "s{each}", after = "1d", say = "hi" }}' for each in range(count))
    head = '[campaign.trip]\nuse = "journey"\nfrom = 2026-12-01\nvia = "box"\nstart = { event = "joined" }\n'
    return f"{head}steps = [{steps}]\n"


def items(*kinds: str) -> str:
    tables = (f'[content.words.items.i{at}]\nkind = "{kind}"\ntext = "STOP"\n' for at, kind in enumerate(kinds))
    return "".join(tables)


def capped(cap: int, caps: str) -> str:
    return f'[channel.chat]\nuse = "capped"\ncap = {cap}\n[gate]\ncaps = [{caps}]\n'


def names(advice: list[Advised]) -> list[str]:
    return [one.name for one in advice]


def test_all_advice_has_a_threshold_and_a_reason_in_the_manual() -> None:
    page = (Path(__file__).parents[3] / "docs" / "advice.md").read_text(encoding="utf-8")
    assert list(RULES) == list(NAMES) == sorted(NAMES)
    for name, find in RULES.items():
        assert (find.__doc__ or "").startswith("Threshold: ")
        assert f"| `{name}` |" in page


def test_a_sound_brand_gets_no_advice(advised: Advise) -> None:
    assert advised() == []


def test_one_entry_that_brings_members(advised: Advise) -> None:
    (one,) = advised(**{TILL: LIST})
    assert one.name == "single-entry"
    assert one.problem.source == "[entry.shop]"


def test_no_entry_at_all_is_no_single_one(advised: Advise) -> None:
    assert advised(**{TILL: "", TILL.replace("till", "shop"): ""}) == []


def test_no_holdout(advised: Advise) -> None:
    (one,) = advised(**{'holdout = "1%"': 'holdout = "0%"'})
    assert one.name == "no-holdout"
    assert one.problem.source == "[campaign.news]"
    assert advised(**{'holdout = "1%"': 'purpose = "service"'}) == []


def test_no_way_to_refuse(advised: Advise) -> None:
    (one,) = advised(**{" Reply STOP to end these messages.": ""})
    assert one.name == "no-opt-out"
    assert one.problem.source == 'text = "Hi!"'
    assert advised(**{" Reply STOP to end these messages.": '"\npurpose = "service'}) == []


def test_a_pack_in_force_or_its_waiver_takes_the_place_of_the_advice(advised: Advise) -> None:
    rules = (
        '[gate]\nunknown_zone = "strictest"\n[rules]\npacks = ["us-2026"]\nwaive.opt-out-text = "the channel adds it"\n'
    )
    assert advised(rules, **{" Reply STOP to end these messages.": ""}) == []


@pytest.mark.parametrize(("earn", "found"), [(4, []), (5, ["too-many-rules"])])
def test_rules_of_an_incentive(advised: Advise, earn: int, found: list[str]) -> None:
    assert names(advised(earning(earn))) == found


@pytest.mark.parametrize(("steps", "found"), [(7, []), (8, ["too-many-rules"])])
def test_steps_of_a_campaign(advised: Advise, steps: int, found: list[str]) -> None:
    assert names(advised(stepping(steps))) == found


@pytest.mark.parametrize(
    ("kinds", "found"),
    [(("promo",), []), (("promo", "promo"), []), (("promo",) * 3, ["promo-only"]), (("promo", "promo", "educate"), [])],
)
def test_content_that_only_sells(advised: Advise, kinds: tuple[str, ...], found: list[str]) -> None:
    assert names(advised(items(*kinds))) == found


@pytest.mark.parametrize(
    ("cap", "caps", "found"),
    [
        (31, '{ times = 1, per = "day" }', []),
        (30, '{ times = 1, per = "day" }', ["caps-above-channel"]),
        (18, '{ times = 3, per = "week" }, { times = 9, per = "day" }', []),
        (17, '{ times = 3, per = "week" }', ["caps-above-channel"]),
        (4, '{ times = 4, per = "month", channel = "chat" }, { times = 1, per = "day" }', []),
        (4, '{ times = 4, per = "month", channel = "box" }', ["caps-above-channel"]),
        (4, '{ times = 4, per = "month", purpose = "service" }', ["caps-above-channel"]),
        (4, "", ["caps-above-channel"]),
    ],
)
def test_caps_above_the_channels(advised: Advise, cap: int, caps: str, found: list[str]) -> None:
    advice = advised(capped(cap, caps))
    assert names(advice) == found
    assert all(one.problem.source.startswith("caps = ") for one in advice)


@pytest.mark.parametrize(("quiet", "found"), [("14:00-10:00", []), ("13:59-10:00", ["little-time"])])
def test_hours_that_are_left(advised: Advise, quiet: str, found: list[str]) -> None:
    assert names(advised(f'[gate]\nquiet = "{quiet}"\n')) == found


TAGGED = '[tagger.value]\nuse = "rules"\n[tagger.value.when]\nrich = "spend >= \'900.00\'"\nmany = "orders >= 9"\n'


@pytest.mark.parametrize(
    ("segment", "valuable"),
    [
        ("spend >= '900.00'", True),
        ("'900.00' < spend and orders >= 1", True),
        ("spend < '900.00'", False),
        ("orders >= 9", False),
        ("tag('rich')", True),
        ("tag('many')", False),
        ("not tag('rich')", False),
        ("tag('champions') or tag('lost')", True),
        ("tag('lost')", False),
        ("segment('inner') and orders >= 1", True),
    ],
)
def test_which_segments_are_of_high_value(advised: Advise, segment: str, valuable: bool) -> None:  # noqa: FBT001
    more = f'{TAGGED}[tagger.rfm]\nuse = "rfm"\n[segment]\ninner = "spend > \'1.00\'"\nthese = "{segment}"\n'
    advice = advised(more, **{'holdout = "1%"': 'holdout = "1%"\nto = "segment(\'inner\')"'})
    assert names(advice) == (["unserved-segment"] if valuable else [])
    assert all(one.problem.source.startswith("these = ") for one in advice)


@pytest.mark.parametrize(
    ("to", "left"),
    [
        ("segment('rich')", ["outer"]),
        ("orders >= 1 or segment('rich')", ["outer"]),
        ("spend >= '900.00'", ["outer"]),
        ("segment('outer')", []),
        ("orders >= 1", ["outer", "rich"]),
    ],
)
def test_a_segment_that_is_served(advised: Advise, to: str, left: list[str]) -> None:
    more = "[segment]\nrich = \"spend >= '900.00'\"\nouter = \"segment('rich') and orders >= 2\"\n"
    advice = advised(more, **{'holdout = "1%"': f'holdout = "1%"\nto = "{to}"'})
    assert [one.problem.path[1] for one in advice] == left


def test_advice_is_silenced_by_name_with_a_reason(advised: Advise) -> None:
    silent = '[advice]\nsilence = { no-holdout = "a week only" }\n'
    assert advised(silent, **{'holdout = "1%"': ""}) == []


@pytest.mark.parametrize(
    ("silence", "words", "hint"),
    [
        ('{ no-holdouts = "x" }', "no advice 'no-holdouts'", "did you mean 'no-holdout'?"),
        ('{ no-holdout = "" }', "silencing advice needs a reason", "say why"),
        ("{ no-holdout = true }", "expected text", ""),
        ('["no-holdout"]', "expected a table", ""),
    ],
)
def test_what_cannot_be_silenced(advised: Advise, silence: str, words: str, hint: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(words)) as caught:
        advised(f"[advice]\nsilence = {silence}\n")
    (problem,) = caught.value.problems
    assert hint in problem.hint
    assert problem.source.startswith("silence = ")


def test_a_goal_without_a_date(advised: Advise) -> None:
    goal = '[metric.again]\nuse = "repurchase"\n[goal.loyal]\nmetric = "again"\nkey = "share"\ntarget = 0.3\n'
    (one,) = advised(goal)
    assert one.name == "undated-goal"
    assert one.problem.source == "[goal.loyal]"
    assert advised(goal + "by = 2027-06-30\n") == []
