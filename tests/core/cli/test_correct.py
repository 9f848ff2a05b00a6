"""Ledgers that people correct, by the command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import siyu

Command = Callable[..., Any]

POINTS = """
[incentive.stars]
use = "points"
from = 2026-11-01
earn = [{ event = "checked_in", points = 5 }]
"""
SAID = ("--by", "lin", "--why", "lost at the till", "--now", "2026-11-19")


@pytest.fixture
def starred(command: Command, brand: Path) -> Path:
    """Return the folder of a brand that gives stars."""
    with (brand / "brand.toml").open("a", encoding="utf-8") as file:
        file.write(POINTS)
    assert command("run", brand, "--now", "2026-11-18").status == 0
    return brand


def test_a_correction_is_in_the_ledger_with_who_and_why(command: Command, starred: Path) -> None:
    for words in ("lin corrected stars of wecom:ann by 20", "it was said before"):
        assert command("correct", starred, "wecom:ann", "stars", "20", *SAID).output == f"{words}\n"
    assert command("correct", starred, "wecom:ann", "stars", "-5", *SAID).status == 0
    assert command("run", starred, "--now", "2026-11-20", "--no-send").status == 0
    with siyu.open(starred) as brand:
        lines = brand.table("grants").select("incentive", "kind", "amount", "reason").to_native().fetchall()
    found = sorted(line[1:] for line in lines if line[0] == "stars")
    said = "by lin: lost at the till"
    assert found == [("corrected", -5, said), ("corrected", 20, said)]


def test_mistakes_end_with_a_message(command: Command, starred: Path) -> None:
    for arguments, words in (
        (("wecom:ann", "star", "5"), "did you mean 'stars'?"),
        (("wecom:nobody", "stars", "5"), "no member wecom:nobody is known"),
        (("wecom:ann", "stars", "some"), "'some' is no number of units"),
        (("wecom:ann", "stars", "0"), "a correction is of some units"),
    ):
        ended = command("correct", starred, *arguments, *SAID)
        assert (ended.status, words in ended.error) == (1, True), ended
    for said, words in ((("--by", " ", "--why", "x"), "say who says it"), (("--by", "lin", "--why", ""), "say why")):
        ended = command("correct", starred, "wecom:ann", "stars", "5", *said, "--now", "2026-11-19")
        assert (ended.status, words in ended.error) == (1, True), ended


def test_wrong_usage(command: Command) -> None:
    assert command("correct", "wecom:ann", "5", "--by", "x", "--why", "y").status == 2
