"""Why somebody got a touch, as it was known when it was decided: whole runs, and what is told of them later."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.brands import HEAD, folder, happened, opened, rows

from siyu import Brand
from siyu.errors import UserError
from siyu.explaining.asked import TouchExplanation

TOML = (
    HEAD.replace('name = "Tiny"', 'name = "Tiny"\nurl = "https://tea.example"')
    + """
[attribute]
tea = { type = "text", purpose = "to say what fits" }
allergy = { type = "text", purpose = "to leave out what hurts", keep = "900d", sensitivity = "sensitive" }
[feature]
spend = { sum = "ordered.amount" }
[tagger.value]
use = "rules"
[tagger.value.when]
big = "spend >= '100.00'"
[segment]
bigs = "tag('big')"
[campaign.trip]
use = "journey"
from = 2026-11-01
start = { event = "joined" }
via = "box"
steps = [
  { id = "hello", say = "hi", latest = "3d", when = "tea == 'green' and allergy != 'nuts' and segment('bigs')" },
]
[campaign.day]
use = "broadcast"
from = 2026-11-01
on = 2026-11-10
at = "23:30"
say = "hi"
via = "box"
holdout = "1%"
"""
)
NOW, MORNING, LATER = "2026-11-10T23:40", "2026-11-11T09:00", "2026-11-20T12:00"


def facts(tea: str, amount: int, day: str) -> list[dict[str, Any]]:
    props = json.dumps({"tea": tea, "allergy": "milk", "language": "en"})
    return [
        happened("ann", "profiled", f"{day}T08:00:00Z", f"p{day}", props=props),
        happened("ann", "ordered", f"{day}T08:00:01Z", f"o{day}", amount=amount, ref=f"r{day}"),
    ]


@pytest.fixture(scope="module")
def brand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brand]:
    """A member decided on at night, and of whom all is otherwise ten days later; a config changed since, too."""
    path = tmp_path_factory.mktemp("brand")
    store = path / "store.duckdb"
    with opened(folder(path, TOML), store=store) as made:
        made.ingest([happened("ann", "joined", "2026-11-09T08:00:00Z", "j"), *facts("green", 20_000, "2026-11-09")])
        said = {"identity": "wecom:ann", "channel": "box", "purpose": "marketing", "state": "granted"}
        made.ingest([said | {"time": "2026-11-09T09:00:00Z", "proof": "form 7"}], table="consents")
        made.run(now=NOW)
        made.run(now=MORNING)
        made.ingest([happened("ann", "refunded", "2026-11-12T08:00:00Z", "x", amount=19_000)])
        made.ingest(facts("black", -15_000, "2026-11-15"))
        made.ingest([said | {"state": "withdrawn", "time": "2026-11-15T09:00:00Z"}], table="consents")
        made.run(now=LATER)
    with opened(folder(path, TOML.replace('"Hi!"', '"Hello!"')), store=store) as made:
        yield made


def touch(brand: Brand, campaign: str, who: str = "ann") -> int:
    number = brand.number(f"wecom:{who}")
    (found,) = (
        one
        for one, name, to in rows(brand, "touches", "id", "campaign", "recipient")
        if (name, to) == (campaign, number)
    )
    assert isinstance(found, int)
    return found


def part(found: TouchExplanation, stage: str) -> list[Mapping[str, Any]]:
    return [
        dict(zip(one.columns, row, strict=True)) for one in found.sections if one.stage == stage for row in one.rows
    ]


def test_a_journeys_touch_by_what_was_known_then(brand: Brand) -> None:
    found = brand.explain_touch(touch(brand, "trip"), now=LATER, by="lin")
    told = {row["what"]: row["value"] for row in part(found, "touch")}
    assert (told["id"], found.touch, told["campaign"], told["step"]) == (
        *[str(touch(brand, "trip"))] * 2,
        "trip",
        "hello",
    )
    assert "of siyu at 2026-11-10 23:40:00+08:00" in told["decided by"]
    assert "which was changed since" in told["config"]
    assert told["words"] == "Hi!"
    assert [row["type"] for row in part(found, "what started it")] == ["joined"]
    held = {row["of"]: row["held"] for row in part(found, "what had to hold")}
    assert held == {"campaign.trip.steps.hello.when": "yes", "segment.bigs": "yes"}
    then = {row["name"]: row["value then"] for row in part(found, "what it was judged by")}
    assert (then["tea"], then["allergy"], then["segment:bigs"]) == ("green", "sensitive: not shown", "yes")
    assert [row["tag"] for row in part(found, "tags then")] == ["big"]
    assert [row["branch"] for row in part(found, "steps of this round")] == ["send"]
    assert [(row["state"], row["proof"]) for row in part(found, "consents then")] == [("granted", "form 7")]
    assert rows(brand, "accesses", "actor", "what", "reason")[-1] == ("lin", "explain", f"touch {found.touch}")
    assert "milk" not in repr(found)


def test_the_gate_rule_by_rule_and_all_receipts(brand: Brand) -> None:
    found = brand.explain_touch(str(touch(brand, "day")), now=LATER)
    gate = {row["rule"]: row for row in part(found, "the gate, rule by rule")}
    assert [row["verdict"] for name, row in gate.items() if name != "quiet hours"] == ["passed"] * (len(gate) - 1)
    quiet = gate["quiet hours"]
    assert (quiet["verdict"], quiet["reason"]) == ("held", "quiet hours 23:00-01:00")
    assert (quiet["since"], quiet["until"]) == ("2026-11-10 23:40:00+08:00", "2026-11-11 09:00:00+08:00")
    receipts = part(found, "receipts")
    assert [row["state"] for row in receipts] == ["held", "queued", "sending", "sent"]
    assert [row["rule"] for row in receipts] == ["quiet hours", "", None, None]
    assert receipts[-1]["provider_id"]
    (experiment,) = (row["value"] for row in part(found, "touch") if row["what"] == "experiment")
    assert experiment == "treated since 2026-11-10 23:40:00+08:00; held out: 1%"


def test_the_customer_is_told_in_plain_words(brand: Brand) -> None:
    english = "\n".join(brand.explain_touch(touch(brand, "trip"), now=LATER, language="en").customer)
    chinese = "\n".join(brand.explain_touch(touch(brand, "trip"), now=LATER, language="zh").customer)
    for words in (
        "Tiny sent you this on 11 November 2026, 09:00",
        "“Hi!”",
        "It came because you became a member, on 9 November 2026, 16:00.",
        "what we know of you (tea: green)",
        "You agreed to such messages on 9 November 2026, 17:00.",
        "answer with the one word R",
        f"https://tea.example{brand.preference_path('wecom:ann')}",
    ):
        assert words in english
    for words in ("您成为了会员", "tea: green", "2026年11月9日17:00同意", "拒收"):
        assert words in chinese
    for jargon in ("segment", "tag", "milk", "big", "priority", "treated"):
        assert jargon not in english + chinese


def test_the_words_of_what_was_held(brand: Brand) -> None:
    told = brand.explain_touch(touch(brand, "day"), now=LATER).customer
    assert "It waited for a while, because we do not disturb you at night." in told
    assert "It was meant for everybody who may get such messages from us." in told


@pytest.mark.parametrize(
    ("touch", "language", "words"),
    [(4711, "", "no touch 4711 is known"), ("x", "", "'x' is no id of a touch"), (1, "fr", "no words .* 'fr'")],
)
def test_what_cannot_be_explained(brand: Brand, touch: int | str, language: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        brand.explain_touch(touch, language=language)


def test_an_erased_recipient_is_told_as_such(tmp_path: Path) -> None:
    with opened(folder(tmp_path, TOML)) as made:
        made.ingest([happened("ann", "joined", "2026-11-09T08:00:00Z", "j")])
        made.run(now=MORNING)
        number = touch(made, "day")
        made.forget("wecom:ann", by="wu", now=LATER)
        found = made.explain_touch(number, language="en")
        assert (found.member, bool(found.erased)) == (None, True)
        told = {row["what"]: row["value"] for row in part(found, "touch")}
        assert told["recipient"].startswith("erased on 2026-11-20 12:00")
        assert not part(found, "consents then")
        assert "was erased on 20 November 2026, 12:00" in "\n".join(found.customer)
        assert len(found.customer) == 1
