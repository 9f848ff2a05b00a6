from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.config.units import Clock, ClockRange, Duration, Money, Secret, Share
from siyu.errors import UserError


@given(st.integers(0, 36_525 * 86_400))
def test_a_duration_reads_back_from_its_written_form(seconds: int) -> None:
    assert Duration.parse(str(Duration(seconds))) == Duration(seconds)


@given(st.integers(-(10**14), 10**14), st.sampled_from([0, 2, 3]))
def test_money_reads_back_from_its_written_form(minor: int, exponent: int) -> None:
    assert Money.parse(str(Money(minor, exponent)), exponent) == Money(minor)


@given(st.integers(0, 86_399))
def test_a_clock_reads_back_from_its_written_form(seconds: int) -> None:
    assert Clock.parse(str(Clock(seconds))) == Clock(seconds)


@given(st.integers(0, 86_399), st.integers(0, 86_399))
def test_a_range_reads_back_unless_it_is_empty(start: int, end: int) -> None:
    written = str(ClockRange(start, end))
    if start == end:
        with pytest.raises(ValueError, match="ends at another time"):
            ClockRange.parse(written)
    else:
        assert ClockRange.parse(written) == ClockRange(start, end)


@given(st.integers(0, 10_000))
def test_a_share_reads_back_from_its_written_form(points: int) -> None:
    assert Share.parse(str(Share(points))) == Share(points)


@given(st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.none(), st.lists(st.text())))
def test_whatever_is_refused_is_refused_by_a_value_error(value: object) -> None:
    for parser in (Duration, Money, Clock, ClockRange, Share, Secret):
        try:
            parser.parse(value)
        except ValueError as error:
            assert "expected" in str(error)  # noqa: PT017 - what is raised depends on the value


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90d", 7_776_000), ("2h30m", 9_000), ("20s", 20), ("2w", 1_209_600), ("0s", 0), ("1d12h", 129_600)],
)
def test_durations(text: str, seconds: int) -> None:
    assert Duration.parse(text).seconds == seconds
    assert Duration.parse(text).days == seconds // 86_400


@pytest.mark.parametrize(
    "text", ["", "90", "d", "30m2h", "1d1d", "-1d", "1.5d", "9 d", "90d\n", "\uff19d", 90, True, 1.5]
)
def test_no_durations(text: object) -> None:
    with pytest.raises(ValueError, match="expected a duration as text, as in '90d'"):
        Duration.parse(text)


def test_a_duration_of_ages_is_refused() -> None:
    with pytest.raises(ValueError, match="100 years at most"):
        Duration.parse("36526d")


def test_money_is_minor_units() -> None:
    assert Money.parse("500.00").minor == 50_000
    assert Money.parse("500").minor == 50_000
    assert Money.parse("-0.05").minor == -5
    assert str(Money(-5)) == "-0.05"
    assert Money.parse("500", 0).minor == 500


@pytest.mark.parametrize("value", ["5.0", "5.000", "5.", ".50", "1,000.00", "¥5.00", "", "5.00\n", 5, 5.0, True, None])
def test_no_money(value: object) -> None:
    with pytest.raises(ValueError, match=re.escape("expected money as text with 2 decimals, as in '500.00'")):
        Money.parse(value)


def test_money_without_decimals_says_so() -> None:
    with pytest.raises(ValueError, match=r"with no decimals, as in '500', not '500.00'"):
        Money.parse("500.00", 0)


@pytest.mark.parametrize("value", ["9:00", "24:00", "10:60", "10", "10:00:60", "", 10])
def test_no_clocks(value: object) -> None:
    with pytest.raises(ValueError, match="expected a time of day as text"):
        Clock.parse(value)


def test_a_range_may_go_over_midnight() -> None:
    assert ClockRange.parse("21:00-09:00") == ClockRange(75_600, 32_400)


@pytest.mark.parametrize("value", ["20:00", "20:00-", "20-21", "1:00-2:00", "20:00-21:00-22:00", 5])
def test_no_ranges(value: object) -> None:
    with pytest.raises(ValueError, match="expected a part of the day as text"):
        ClockRange.parse(value)


@pytest.mark.parametrize(("text", "points"), [("10%", 1_000), ("2.5%", 250), ("0.01%", 1), ("100%", 10_000)])
def test_shares(text: str, points: int) -> None:
    assert Share.parse(text) == Share(points)


@pytest.mark.parametrize("value", [0.1, 10, "10", "100.01%", "1.234%", "-1%", "%", True])
def test_no_shares(value: object) -> None:
    with pytest.raises(ValueError, match="expected a share as text"):
        Share.parse(value)


def test_a_secret_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SIYU_TEST", "s3cret\n")
    secret = Secret.parse({"env": "SIYU_TEST"})
    assert secret.reveal(tmp_path) == "s3cret"
    assert "s3cret" not in repr(secret) + str(secret)


def test_a_secret_comes_from_a_file_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("s3cret\n")
    assert Secret.parse({"file": "key"}).reveal(tmp_path) == "s3cret"


def test_a_missing_secret_says_what_to_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SIYU_TEST", raising=False)
    with pytest.raises(UserError, match="set the variable SIYU_TEST"):
        Secret(env="SIYU_TEST").reveal(tmp_path)
    with pytest.raises(UserError, match=r"write it into .*key"):
        Secret(file="key").reveal(tmp_path)
    (tmp_path / "key").write_text(" \n")
    with pytest.raises(UserError, match="is empty: write the secret into"):
        Secret(file="key").reveal(tmp_path)


@pytest.mark.parametrize(
    "value", ["s3cret", {}, {"env": ""}, {"env": "A", "file": "b"}, {"path": "s3cret"}, {"env": 3}]
)
def test_no_secret_is_repeated_in_its_error(value: object) -> None:
    with pytest.raises(ValueError, match="expected where the secret is kept") as raised:
        Secret.parse(value)
    assert "s3cret" not in str(raised.value)
