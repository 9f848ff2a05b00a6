"""The table ``[rules]``: packs, waivers, tighter limits; what a plugin may state; what a run keeps."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import siyu
from siyu.errors import ConfigError, PluginError
from siyu.rules.judge import in_force, waivers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from siyu.config.programme import Programme

    Load = Callable[..., Programme]

CHAIN = '[incentive.chain]\nuse = "chain"\nfrom = 2026-12-01\ndepth = 2\n'
PACK = '[rules]\npacks = ["cn-2026"]\n'


@pytest.mark.parametrize(
    ("rules", "place", "words", "hint"),
    [
        ('packs = ["cn-2025"]', 'packs = ["cn-2025"]', "no rule pack 'cn-2025'", "cn-2026"),
        ('packs = ["cn-2026"]\nwaive.quiet-hour = "x"', "waive.quiet-hour", "no rule 'quiet-hour'", "quiet-hours"),
        ('packs = ["cn-2026"]\nwaive.quiet-hours = " "', "waive.quiet-hours", "needs a reason", "why"),
        ('packs = ["cn-2026"]\nwaive.consent = "x"', "waive.consent", "cannot be waived", "consent ="),
        ('packs = ["cn-2026"]\nwaive.quiet-hours = 3', "waive.quiet-hours", "expected text", ""),
        ('packs = ["cn-2026"]\ntighten.depth = 1', "tighten.depth", "no rule 'depth'", "known are"),
        ('packs = ["cn-2026"]\ntighten.referral-depth = 2', "tighten.referral-depth", "expected 1 or less", "stricter"),
        ('packs = ["cn-2026"]\ntighten.referral-depth = "1"', "tighten.referral-depth", "a whole number", "stricter"),
        ('packs = ["cn-2026"]\ntighten.quiet-hours = "22:00-08:00"', "tighten.quiet", "covers 21:00-08:00", "stricter"),
        ('packs = ["cn-2026"]\ntighten.quiet-hours = "late"', "tighten.quiet", "expected a part of the day", "strict"),
        ('packs = ["cn-2026"]\ntighten.consent = []', "tighten.consent", "expected a list of texts", "stricter"),
        ('packs = ["cn-2026"]\ntighten.lottery-odds = 1', "tighten.lottery-odds", "has no limit", "stricter"),
        ('waive.quiet-hours = "x"', "waive", "names no packs", "packs ="),
        ("packs = [1]", "packs", "expected text", ""),
        ("pack = 1", "pack = 1", "unknown key 'pack'", "packs"),
    ],
)
def test_what_rules_cannot_have_is_a_placed_problem(
    loaded: Load, rules: str, place: str, words: str, hint: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(f"[rules]\n{rules}\n")
    (problem,) = caught.value.problems
    assert words in problem.message
    assert hint in problem.hint
    assert problem.source.startswith(place)
    assert problem.line > 0


def test_a_waived_rule_is_not_judged_and_its_reason_is_known(loaded: Load) -> None:
    programme = loaded(CHAIN + PACK + 'waive.referral-depth = "counsel, 2026-01-05"\n')
    (waiver,) = waivers(programme.rules)
    assert (waiver.rule.name, waiver.rule.pack, waiver.reason) == ("referral-depth", "cn-2026", "counsel, 2026-01-05")
    assert "referral-depth" not in [rule.name for rule in in_force(programme.rules)]
    assert "referral-pyramid" in [rule.name for rule in in_force(programme.rules)]


def test_a_tighter_limit_is_judged_by(loaded: Load) -> None:
    loaded(PACK + 'tighten.quiet-hours = "21:00-09:00"\n')
    with pytest.raises(ConfigError, match=r"leaves out a part of 20:00-09:00"):
        loaded(PACK + 'tighten.quiet-hours = "20:00-09:00"\n')


def test_without_packs_nothing_is_judged(loaded: Load) -> None:
    assert in_force(loaded(CHAIN).rules) == []


def test_a_refused_waiver_leaves_the_rule_in_force(loaded: Load) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(CHAIN.replace("depth = 2", "entry_fee = true") + PACK + 'waive.referral-entry-fee = "we want to"\n')
    assert len(caught.value.problems) == 2


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("states = { dept = 1 }", "no fact 'dept'; did you mean 'depth'"),
        ("states = { consent = 1 }", "no fact 'consent'"),
        ("states = { lottery = 1 }", "'lottery' takes a value of type bool"),
        ("fails = true", "RuntimeError: no"),
    ],
)
def test_a_plugin_that_states_no_fact_is_named(loaded: Load, line: str, words: str) -> None:
    with pytest.raises(PluginError) as caught:
        loaded(f'[incentive.odd]\nuse = "odd"\nfrom = 2026-12-01\n{line}\n{PACK}')
    assert str(caught.value).startswith("incentive.odd failed in plugin 'extra': facts:")
    assert words in str(caught.value)


def test_a_run_keeps_the_waivers_with_their_reasons(tmp_path: Path) -> None:
    text = '[brand]\nname = "Tea"\n[gate.age]\nleast = 18\n' + PACK + 'waive.quiet-hours = "no texts, only mail"\n'
    (tmp_path / "brand.toml").write_text(text, encoding="utf-8")
    with siyu.open(tmp_path, store=":memory:") as brand:
        brand.run(now="2026-12-01T10:00")
        (used,) = brand.table("runs").select("config").to_native().fetchall()
        kept = dict(brand.table("configs").select("hash", "canonical").to_native().fetchall())
    assert json.loads(kept[used[0]])["rules"]["waive"] == {"quiet-hours": "no texts, only mail"}


def test_what_says_nothing_of_a_person_needs_no_retention(loaded: Load) -> None:
    table = '[{kind}]\n{name} = {{ {type}purpose = "y", sensitivity = "{sort}"{keep} }}\n'
    given = {"attribute": 'type = "text", ', "field": ""}
    for kind, kept in given.items():
        head = table.format(kind=kind, name="x", type=kept, sort="plain", keep="")
        loaded(head + PACK)
        loaded(head.replace("plain", "personal").replace(" }", ', keep = "30d" }') + PACK)
        with pytest.raises(ConfigError) as caught:
            loaded(head.replace("plain", "personal") + PACK)
        assert [problem.path for problem in caught.value.problems] == [(kind, "x")]
