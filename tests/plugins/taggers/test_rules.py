from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from siyu.config.expressions import Condition
from siyu_plugins.taggers.rules import Rules, siyu_register_taggers

Give: TypeAlias = "Callable[..., list[tuple[Any, ...]]]"
ROW = ("member", "tag", "evidence")


def rules(**when: str) -> Rules:
    return Rules(name="value", when={tag: Condition.parse(text) for tag, text in when.items()})


def test_registered_under_its_name() -> None:
    assert siyu_register_taggers() == {"rules": Rules}
    assert Rules.scope == "member"


def test_gives_the_tags_that_it_names() -> None:
    assert rules(vip="orders >= 3", new="orders == 1").gives == ("vip", "new")


def test_without_a_tag_it_is_refused() -> None:
    with pytest.raises(ValueError, match="expected at least one tag"):
        rules()


def test_each_condition_that_holds_gives_its_tag(give: Give) -> None:
    tagger = rules(vip="orders >= 3", fresh="days_since('ordered') <= 5", silent="never('ordered')")
    members = {
        1: {"orders": 3, "last:ordered": 19_995},
        2: {"orders": 4, "last:ordered": 19_994},
        3: {"orders": None, "last:ordered": None},
    }
    assert give(tagger, members=members, columns=ROW) == [
        (1, "fresh", "days_since('ordered') <= 5"),
        (1, "vip", "orders >= 3"),
        (2, "vip", "orders >= 3"),
        (3, "silent", "never('ordered')"),
    ]


def test_tags_of_other_taggers_can_be_asked_for(give: Give) -> None:
    tags = [{"member": 2, "tagger": "rfm", "tag": "loyal"}]
    found = give(
        rules(kept="tag('loyal')", lost="not tag('loyal')"),
        members={1: {}, 2: {}},
        tags=tags,
        columns=("member", "tag"),
    )
    assert found == [(1, "lost"), (2, "kept")]


def test_a_tag_may_be_called_like_a_feature_or_a_column(give: Give) -> None:
    found = give(rules(orders="orders > 1", member="orders > 0"), members={1: {"orders": 2}}, columns=ROW)
    assert found == [(1, "member", "orders > 0"), (1, "orders", "orders > 1")]


def test_nobody_has_a_tag_where_there_is_nobody(give: Give) -> None:
    assert give(rules(vip="tag('loyal')", all="region == 'north'"), columns=ROW) == []
