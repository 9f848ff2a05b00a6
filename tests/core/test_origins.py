from __future__ import annotations

import pytest

from siyu.testing.views import view
from siyu.view import View

BRAND = """
[attribute]
taste = { type = "text", purpose = "to recommend teas" }
[feature]
spend_90d = { sum = "ordered.amount", window = "90d" }
ordered = { count = "ordered" }
views = { count = "viewed" }
[segment]
loyal = "tag('champions') and segment('local')"
local = "region == 'CN' and days_since('joined') > 30"
[tagger.value]
use = "rules"
when.vip = "spend_90d >= '500.00'"
when.reader = "views > 3"
[tagger.more]
use = "rules"
when.keen = "tag('reader') or did('clicked')"
[tagger.rfm]
use = "rfm"
[tagger.kinds]
use = "rfm"
event = "received"
cells = { best = {}, viewed = { r = [1, 2] } }
"""


@pytest.fixture(scope="module")
def seen() -> View:
    return view(BRAND, {}, "2026-11-11")


@pytest.mark.parametrize(
    ("need", "behind"),
    [
        ("taste", set()),
        ("joined", {"event:joined"}),
        ("spend_90d", {"event:ordered"}),
        # Called like its event type, which is made of nothing else.
        ("ordered", {"event:ordered"}),
        ("last:clicked", {"event:clicked"}),
        ("did:clicked", {"event:clicked"}),
        ("tag:vip", {"spend_90d", "event:ordered"}),
        ("tag:keen", {"tag:reader", "views", "event:viewed", "did:clicked", "event:clicked"}),
        ("tag:champions", {"tagger:rfm", "event:ordered"}),
        ("tag:best", {"tagger:kinds", "event:received"}),
        ("segment:local", {"region", "last:joined", "event:joined"}),
        (
            "segment:loyal",
            {
                "tag:champions",
                "tagger:rfm",
                "event:ordered",
                "segment:local",
                "region",
                "last:joined",
                "event:joined",
            },
        ),
    ],
)
def test_what_is_behind_a_need(seen: View, need: str, behind: set[str]) -> None:
    assert seen.origins(need) == {need, *behind}


def test_of_several_needs_it_is_all(seen: View) -> None:
    assert seen.origins("taste", "views") == {"taste", "views", "event:viewed"}
    assert seen.origins() == frozenset()


def test_a_view_knows_what_conditions_may_name(seen: View) -> None:
    assert {"vip", "champions", "best"} <= set(seen.names.tags)
    assert seen.names.columns["spend_90d"] == "money"
