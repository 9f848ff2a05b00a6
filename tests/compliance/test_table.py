"""The table of rules names files and tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs" / "compliance.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and "`" in line
]


@pytest.mark.parametrize(("rule", "where", "tests"), ROWS, ids=[row[0] for row in ROWS])
def test_a_rule_is_kept_somewhere_and_shown_by_a_test(rule: str, where: str, tests: str) -> None:
    assert rule
    places = re.findall(r"`((?:core|plugins)/[\w/]+\.py)`", where)
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", tests)
    assert places
    assert named
    assert len(named) == tests.count("`") // 2
    for place in places:
        assert (ROOT / place).is_file(), place
    for file, name in named:
        text = (ROOT / file).read_text(encoding="utf-8")
        assert re.search(rf"(?m)^\s*(?:async )?def {name}\(", text), f"{file}::{name}"
