"""Steps that members have been through under another id."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.brands import happened, opened

from siyu.advice.live import lived
from siyu.advice.steps import ChangedStep, changed_steps
from siyu.advice.subject import Lived

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from siyu.advice.advise import Advised

    Advise = Callable[..., list[Advised]]

HELLO: dict[str, Any] = {"id": "hello", "say": "hi"}
LATER: dict[str, Any] = {"id": "later", "say": "hi", "after": "1d"}
BRAND = """
[brand]
name = "Tiny"
[gate]
consent = "unless-withdrawn"
quiet = "23:00-01:00"
[content.words]
use = "library"
[content.words.items.hi]
kind = "emotion"
text = "Hi! STOP"
[channel.box]
use = "outbox"
[campaign.trip]
use = "journey"
from = 2026-11-01
start = { event = "joined" }
via = "box"
steps = [{ id = "hello", say = "hi" }]
"""


def tree(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever a campaign has
    return {"campaign": {"trip": {"steps": list(steps), **more}}}


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        ([HELLO, LATER], []),
        ([LATER, HELLO], []),
        ([HELLO], []),
        ([{"id": "new", "say": "hi"}, HELLO, LATER], []),
        ([{**HELLO, "say": "other"}, LATER], []),
        ([{**HELLO, "id": "hallo"}, LATER], [(0, "hello", "hallo")]),
        ([LATER, {**HELLO, "id": "hallo"}], [(1, "hello", "hallo")]),
        ([{**HELLO, "id": "hallo", "after": "1h"}, LATER], [(0, "hello", "hallo")]),
        ([{"id": "hallo", "say": "other"}, LATER], []),
        ([{**HELLO, "id": "a"}, {**LATER, "id": "b"}], [(0, "hello", "a"), (1, "later", "b")]),
    ],
)
def test_a_step_is_known_again(steps: list[dict[str, Any]], found: list[tuple[int, str, str]]) -> None:
    old = json.dumps(tree(HELLO, LATER))
    assert changed_steps(old, tree(*steps)) == [ChangedStep("trip", *each) for each in found]


def test_another_edition_or_campaign_is_another_matter() -> None:
    old, renamed = json.dumps(tree(HELLO)), {**HELLO, "id": "hallo"}
    assert changed_steps(old, tree(renamed, edition=2)) == []
    assert changed_steps(old, tree(renamed, edition=1)) != []
    assert changed_steps(old, {"campaign": {"tour": {"steps": [renamed]}}}) == []
    assert changed_steps("{}", tree(renamed)) == []


def test_advice_is_only_on_steps_that_somebody_went_through(advised: Advise) -> None:
    trip = '[campaign.trip]\nuse = "journey"\nfrom = 2026-12-01\nstart = { event = "joined" }\nvia = "box"\n'
    more = trip + 'steps = [\n  { id = "hallo", say = "hi" },\n]\n'
    canonical = json.dumps(tree(HELLO))
    (one,) = advised(more, Lived(canonical, {("trip", "hello")}))
    assert one.name == "changed-step"
    assert one.problem.source.strip() == '{ id = "hallo", say = "hi" },'
    assert advised(more, Lived(canonical, {("trip", "later")})) == []


def test_the_store_tells_what_members_went_through(tmp_path: Path) -> None:
    store = tmp_path / ".siyu" / "store.duckdb"
    (tmp_path / "brand.toml").write_text(BRAND, encoding="utf-8")
    assert lived(store) is None
    with opened(tmp_path, store=store) as brand:
        brand.ingest([happened("a", "joined", "2026-11-09T01:00:00", "j")], now="2026-11-09T02:00")
        brand.run(now="2026-11-09T02:00")
        canonical = brand.programme.canonical
        assert lived(store) is None
    found = lived(store)
    assert found == Lived(canonical, frozenset({("trip", "hello")}))
    store.write_bytes(b"no store")
    assert lived(store) is None
