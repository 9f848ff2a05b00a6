from __future__ import annotations

from typing import Any

from siyu.explaining.rulings import Ruling, rulings
from siyu.gate import ORDER, RULES


def receipt(time: int, state: str, rule: str | None, reason: str = "") -> dict[str, Any]:
    return {"time": time, "state": state, "rule": rule, "reason": reason}


def test_every_rule_is_told_in_order_until_the_one_that_ended_it() -> None:
    found = rulings([receipt(5, "suppressed", "consent", "none")])
    assert [one.rule for one in found] == list(ORDER)
    place = ORDER.index("consent")
    assert [one.verdict for one in found] == ["passed"] * place + ["suppressed"] + ["not asked"] * (
        len(ORDER) - place - 1
    )
    assert found[place] == Ruling("consent", "suppressed", 5, None, "none")


def test_a_rule_that_held_twice_is_told_twice_and_one_at_delivery_too() -> None:
    held = [receipt(1, "held", "caps"), receipt(3, "held", "quiet hours"), receipt(4, "held", "caps")]
    found = rulings([*held, receipt(6, "queued", ""), receipt(7, "suppressed", "opt-out")])
    stops = [(one.rule, one.since, one.until) for one in found if one.since is not None]
    assert stops == [("opt-out", 7, None), ("quiet hours", 3, 4), ("caps", 1, 3), ("caps", 4, 6)]
    assert {one.verdict for one in found if one.since is None} == {"passed"}


def test_of_a_store_that_kept_no_rules_nothing_is_told() -> None:
    assert rulings([receipt(1, "queued", None), receipt(2, "sent", None)]) == []


def test_the_order_has_every_rule() -> None:
    assert {rule.name for rule in RULES} - {"limits", "load"} <= set(ORDER)
