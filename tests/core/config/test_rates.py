from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.config.rates import Rate


@given(st.integers(1, 10**9 - 1), st.sampled_from([1, 60, 3_600, 86_400]))
def test_a_rate_reads_back_from_its_written_form(count: int, seconds: int) -> None:
    assert Rate.parse(str(Rate(count, seconds))) == Rate(count, seconds)


@pytest.mark.parametrize(
    "text", ["", "20", "20/", "/min", "0/min", "-1/s", "1.5/s", "20/m", "20 / min", "20/min\n", 20, None]
)
def test_no_rates(text: object) -> None:
    with pytest.raises(ValueError, match="expected a rate as text, as in '20/min'"):
        Rate.parse(text)
