from __future__ import annotations

from datetime import date

import pytest

from siyu.moments import DISTANT, moment, shown_at
from siyu.testing.views import programme_of
from siyu.windows import window

TOML = """
[brand]
name = "tea"
zone = "Europe/Berlin"
[content.words]
use = "library"
[content.words.items.hi]
kind = "emotion"
text = "Hi!"
[channel.box]
use = "outbox"
[campaign.day]
use = "broadcast"
from = 2026-11-01
until = 2026-11-20
on = 2026-11-10
at = "10:00"
say = "hi"
via = "box"
[incentive.sale]
use = "flash-sale"
from = 2026-11-10
at = "10:00"
items = [{ sku = "G01", price = "99.00", was = "169.00", stock = 1 }]
"""


def seconds(*texts: str) -> tuple[int, ...]:
    return tuple(moment(text, "Europe/Berlin") for text in texts)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ('until = 2026-11-12\nends = "22:00"', ("2026-11-10T10:00", "2026-11-12T22:00")),
        ("until = 2026-11-12", ("2026-11-10T10:00", "2026-11-13")),
        ('during = "day"', ("2026-11-10T10:00", "2026-11-21")),
        ('during = "day"\nuntil = 2026-11-12\nends = "22:00"', ("2026-11-10T10:00", "2026-11-12T22:00")),
        ("", ("2026-11-10T10:00", "")),
    ],
)
def test_days_hours_and_the_campaigns(more: str, expected: tuple[str, str]) -> None:
    programme, _ = programme_of(f"{TOML}\n{more}")
    begin, end = window(programme, programme.component("incentive", "sale"))  # type: ignore[arg-type]
    assert begin == seconds(expected[0])[0]
    assert end == (seconds(expected[1])[0] if expected[1] else DISTANT)


def test_a_clock_on_days_when_clocks_change() -> None:
    spring, autumn = date(2026, 3, 29), date(2026, 10, 25)
    assert shown_at("Europe/Berlin", spring, 10 * 3600) == seconds("2026-03-29T10:00")[0]
    assert shown_at("Europe/Berlin", spring, 2 * 3600 + 1800) == seconds("2026-03-29T03:30")[0]
    assert shown_at("Europe/Berlin", autumn, 2 * 3600 + 1800) == moment("2026-10-25T02:30+02:00", "UTC")
    assert shown_at("Europe/Berlin", autumn, 86_400) == seconds("2026-10-26")[0]
