from __future__ import annotations

from datetime import date

import pytest

from siyu.config.days import FESTIVALS, Festival, Weekdays


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("mon-fri", {1, 2, 3, 4, 5}),
        ("sat,sun", {6, 7}),
        ("fri-mon", {5, 6, 7, 1}),
        ("wed", {3}),
        ("Mon, wed-thu", {1, 3, 4}),
    ],
)
def test_weekdays(text: str, numbers: set[int]) -> None:
    assert Weekdays.parse(text).numbers == numbers
    assert Weekdays.parse(str(Weekdays.parse(text))) == Weekdays.parse(text)


@pytest.mark.parametrize("text", ["", "monday", "mon-", "mon;tue", "xyz", 1, None, ","])
def test_no_weekdays(text: object) -> None:
    with pytest.raises(ValueError, match="expected weekdays as text, as in 'mon-fri'"):
        Weekdays.parse(text)


def test_festivals() -> None:
    assert Festival.parse("mid-autumn").between(date(2026, 1, 1), date(2027, 12, 31)) == [
        date(2026, 9, 25),
        date(2027, 9, 15),
    ]
    assert Festival.parse("double-11").between(date(2026, 11, 11), date(2026, 11, 11)) == [date(2026, 11, 11)]
    assert Festival.parse("double-11").between(date(2026, 11, 12), date(2026, 12, 11)) == []
    assert all(str(Festival.parse(name)) == name for name in FESTIVALS)


def test_no_festival() -> None:
    with pytest.raises(ValueError, match="did you mean 'mid-autumn'"):
        Festival.parse("mid-autum")
    with pytest.raises(ValueError, match="expected a festival"):
        Festival.parse(8)


def test_a_festival_whose_days_are_not_known_yet() -> None:
    with pytest.raises(ValueError, match="are known for 2024 to 2030; give the day itself"):
        Festival.parse("qixi").between(date(2031, 1, 1), date(2031, 12, 31))
