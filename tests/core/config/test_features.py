from __future__ import annotations

import pytest

from siyu.config.features import Feature
from siyu.config.units import Duration


@pytest.mark.parametrize(
    ("feature", "expected"),
    [
        (Feature(count="ordered"), ("count", "ordered", "", "integer")),
        (Feature(sum="ordered.amount"), ("sum", "ordered", "amount", "money")),
        (Feature(sum="ordered.quantity"), ("sum", "ordered", "quantity", "integer")),
        (Feature(mean="ordered.amount"), ("mean", "ordered", "amount", "money")),
        (Feature(mean="ordered.quantity"), ("mean", "ordered", "quantity", "real")),
        (Feature(min="ordered.amount"), ("min", "ordered", "amount", "money")),
        (Feature(max="ordered.day"), ("max", "ordered", "day", "day")),
        (Feature(distinct="ordered.place"), ("distinct", "ordered", "place", "integer")),
        (Feature(first="ordered"), ("first", "ordered", "", "day")),
        (Feature(last="ordered"), ("last", "ordered", "", "day")),
    ],
)
def test_what_a_feature_is(feature: Feature, expected: tuple[str, ...]) -> None:
    assert (feature.aggregate, feature.event, feature.column, feature.type) == expected


def test_a_window_is_days_or_a_lifetime() -> None:
    assert Feature(count="ordered").days is None
    assert Feature(count="ordered", window=Duration.parse("2w")).days == 14


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "expected exactly one of .*, and there is none"),
        ({"count": "a", "last": "a"}, "expected exactly one of .*, not count and last"),
        ({"count": "a.amount"}, "count takes an event type alone, as in count = 'a'"),
        ({"sum": "a"}, "sum takes an event type and a column, as in sum = 'a.amount'"),
        ({"sum": "a.place"}, "sum takes an event type and a column"),
        ({"max": "a.amout"}, "did you mean 'amount'"),
        ({"last": "a.day"}, "last takes an event type alone"),
        ({"count": "a", "window": Duration.parse("12h")}, "expected a window of whole days, as in '90d', not '12h'"),
        ({"count": "a", "window": Duration(0)}, "expected a window of whole days"),
    ],
)
def test_what_no_feature_is(given: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Feature(**given)  # type: ignore[arg-type]
