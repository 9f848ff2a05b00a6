from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from attrs import Factory, define
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from siyu.config.expressions import Names
from siyu.config.programme import Programme, blocked, load
from siyu.config.registered import Registered
from siyu.config.units import ClockRange, Secret
from siyu.errors import ConfigError, PluginError
from siyu.events import EVENT_TYPES, EventType
from siyu.kinds import Component, Tagger

Write = Callable[..., Path]

TEXT = """
[attribute]
taste = { type = "text", purpose = "to recommend teas" }

[feature]
spend_90d = { sum = "ordered.amount", window = "90d" }
orders_90d = { count = "ordered", window = "90d" }
last_order = { last = "ordered" }

[segment]
a = "segment('b') and tag('vip')"
b = "spend_90d >= '500.00' and taste == 'green'"

[tagger.core]
use = "rules"
when.loyal = "tag('vip') and today - last_order < 30"

[tagger.value]
use = "rules"
[tagger.value.when]
vip = "spend_90d >= '500.00' and orders_90d >= 3"

[content.words]
use = "library"
words = { hello = "Hi" }

[campaign.welcome]
use = "journey"
from = 2026-12-01
to = "segment('a')"
holdout = "10%"
steps = [{ id = "hello", say = "hello", via = ["out"] }, { id = "again", after = "1d", when = "never('ordered')" }]

[incentive.a-ledger]
use = "points"
from = 2026-12-01

[incentive.bonus]
use = "points"
from = 2026-12-01
during = "welcome"
gives = { a-ledger = 200 }

[channel.out]
use = "http"
token = { env = "TOKEN" }
"""


@pytest.fixture
def programme(brand: Write, registry: Registered) -> Programme:
    return load(brand(TEXT), registry)


def test_a_programme_is_loaded(programme: Programme) -> None:
    assert programme.brand.name == "Tea"
    assert list(programme.features) == ["last_order", "orders_90d", "spend_90d"]
    assert programme.component("campaign", "welcome").name == "welcome"
    assert programme.uses["channel", "out"] == "http"
    assert programme.owners["channel", "out"] == "channel-plugin"
    assert programme.names.columns["taste"] == "text"
    assert programme.names.columns["spend_90d"] == "money"
    assert programme.names.tags == {"vip", "loyal"}
    assert programme.components["metric"] == ()
    with pytest.raises(KeyError):
        programme.component("campaign", "nobody")


def test_components_and_segments_come_after_what_they_wait_for(programme: Programme) -> None:
    assert list(programme.segments) == ["b", "a"]
    assert [tagger.name for tagger in programme.components["tagger"]] == ["value", "core"]
    assert [incentive.name for incentive in programme.components["incentive"]] == ["bonus", "a-ledger"]


def test_a_tagger_comes_after_the_tags_that_it_names_and_those_of_its_segments(
    brand: Write, registry: Registered
) -> None:
    text = """
[segment]
bought = "tag('buyer') or segment('lately')"
lately = "tag('fresh')"
[tagger]
a = { use = "rules", when.one = "segment('bought')" }
b = { use = "rules", when.two = "birth_year > 1990", tags = ["one"] }
c = { use = "rules", when.fresh = "joined > '2026-01-01'" }
d = { use = "rules", when.buyer = "did('ordered')" }
"""
    taggers = load(brand(text), registry).components["tagger"]
    assert [tagger.name for tagger in taggers] == ["c", "d", "a", "b"]


def test_names_of_features_and_tags_are_looked_up(brand: Write, registry: Registered) -> None:
    tagger = "[tagger.t]\nuse = 'rules'\nfeatures = ['spend', 'entry', 'spent']\ntags = ['vop']\n"
    found = broken(
        brand("[feature]\nspend = { sum = 'ordered.amount' }\n" + tagger + "when.vip = 'spend > \"5\"'\n"), registry
    )
    assert "tagger.t.features.2 (tagger-plugin): no feature 'spent'" in found
    assert "did you mean 'spend'?" in found
    assert "tagger.t.tags.0 (tagger-plugin): no tag 'vop'" in found
    assert found.count("no feature") == 1


def test_what_is_not_said_has_its_default(brand: Write, registry: Registered) -> None:
    programme = load(brand("zone = 'Asia/Shanghai'\n"), registry)
    assert programme.brand.member_zone == "Asia/Shanghai"
    assert (programme.brand.currency, programme.brand.exponent) == ("CNY", 2)
    assert programme.brand.key == Secret(file=".siyu/key")
    assert programme.gate.quiet == ClockRange.parse("21:00-09:00")
    assert [(cap.times, cap.per) for cap in programme.gate.caps] == [(1, "day"), (3, "week")]
    assert programme.gate.consent == "granted"


def test_amounts_follow_the_currency(brand: Write, registry: Registered) -> None:
    text = "currency = 'JPY'\n[feature]\nspend = { sum = 'ordered.amount' }\n[segment]\nx = \"spend > 'PRICE'\"\n"
    programme = load(brand(text.replace("PRICE", "500")), registry)
    assert programme.names == Names(
        columns=programme.names.columns, segments={"x"}, events=programme.names.events, exponent=0, tags=frozenset()
    )
    assert "expected money as text with no decimals" in broken(brand(text.replace("PRICE", "500.00")), registry)


def test_an_environment_changes_the_hash(brand: Write, registry: Registered) -> None:
    folder = brand(TEXT)
    (folder / "env").mkdir()
    (folder / "env" / "live.toml").write_text("[brand]\nname = 'Live'\n[plugins]\nblock = ['x']\n")
    assert load(folder, registry).hash != load(folder, registry, "live").hash
    assert load(folder, registry, "live").plugins.block == ("x",)
    assert blocked(folder, "live") == ("x",)
    assert blocked(folder) == ()


def broken(folder: Path, registry: Registered) -> str:
    with pytest.raises(ConfigError) as raised:
        load(folder, registry)
    return str(raised.value)


SECTIONS = re.split(r"^(?=\[)", TEXT, flags=re.MULTILINE)[1:]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(SECTIONS), st.integers(0, 9), st.sampled_from(["\n", "# a note\n"]))
def test_the_hash_is_that_of_what_is_said_not_of_its_layout(
    brand: Write, registry: Registered, order: list[str], cut: int, comment: str
) -> None:
    expected = load(brand(TEXT, b=""), registry)
    found = load(brand(comment + "".join(order[:cut]), b=comment.join(order[cut:])), registry)
    assert (found.hash, found.canonical) == (expected.hash, expected.canonical)
    assert found == expected
    assert json.loads(found.canonical)["campaign"]["welcome"]["from"] == "2026-12-01"


def test_the_hash_changes_with_what_is_said(brand: Write, registry: Registered) -> None:
    assert load(brand(TEXT), registry).hash != load(brand(TEXT.replace("200", "201")), registry).hash


@define
class Known:
    components: Mapping[str, Mapping[str, type[Component]]]
    events: Mapping[str, EventType] = Factory(lambda: EVENT_TYPES)

    def owner(self, kind: str, _: str) -> str:
        return f"{kind}-plugin"


def test_a_plugin_that_fails_while_it_is_asked_is_named(brand: Write, registry: Registered) -> None:
    class Failing(Tagger):
        @property
        def gives(self) -> tuple[str, ...]:
            message = "oh"
            raise RuntimeError(message)

    registry = Known({**registry.components, "tagger": {"failing": Failing}})
    with pytest.raises(PluginError, match=r"tagger.x failed in plugin 'tagger-plugin': gives: RuntimeError: oh"):
        load(brand("[tagger.x]\nuse = 'failing'\n"), registry)
