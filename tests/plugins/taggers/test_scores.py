from __future__ import annotations

from fractions import Fraction
from typing import Literal

import narwhals as nw
from hypothesis import given
from hypothesis import strategies as st

from siyu.testing.views import engine_of
from siyu_plugins.taggers._scores import scored


def modelled(values: list[int], bins: int, by: Literal["rank", "value"], ties: Literal["member", "same"]) -> list[int]:
    """Return the score of each value: of its place among all, or of how many linear quantiles it exceeds."""
    ordered, size = sorted(values), len(values)
    if by == "value":
        cuts = [quantile(ordered, Fraction(part, bins)) for part in range(1, bins)]
        return [1 + sum(value > cut for cut in cuts) for value in values]
    members = sorted(range(size), key=lambda member: (values[member], member))
    places = [ordered.index(value) if ties == "same" else members.index(at) for at, value in enumerate(values)]
    return [place * bins // size + 1 for place in places]


def quantile(ordered: list[int], share: Fraction) -> Fraction:
    place = share * (len(ordered) - 1)
    low, high = ordered[int(place)], ordered[min(int(place) + 1, len(ordered) - 1)]
    return low + (high - low) * (place - int(place))


@given(
    st.lists(st.integers(-4, 4) | st.integers(-(10**12), 10**12), max_size=20),
    st.integers(2, 7),
    st.sampled_from(["rank", "value"]),
    st.sampled_from(["member", "same"]),
)
def test_scores_are_those_of_a_plain_model(
    values: list[int], bins: int, by: Literal["rank", "value"], ties: Literal["member", "same"]
) -> None:
    expected = list(enumerate(modelled(values, bins, by, ties)))
    for name in ("duckdb", "polars"):
        engine = engine_of(name)
        columns = {"member": range(len(values)), "money": values}
        frame = engine.frame(columns, {"member": nw.Int64(), "money": nw.Int64()})
        found = scored(frame, "money", "score", bins=bins, by=by, ties=ties)
        assert sorted(engine.rows(found.select("member", "score"))) == expected
