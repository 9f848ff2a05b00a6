"""The commands about ledgers, as people and machines use them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest
from tests.core.ledger.test_statements import TOML, facts

import siyu
from siyu.config.programme import load
from siyu.registry import discover

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.core.cli.conftest import Ended

LATER = ("--now", "2026-12-02T10:00")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a brand with a few lines, in a store of its own."""
    path = tmp_path_factory.mktemp("filled")
    (path / "brand.toml").write_text(TOML, encoding="utf-8")
    with siyu.open(path) as brand:
        facts(brand)
    return path


@pytest.fixture
def shop(filled: Path, tmp_path: Path) -> Path:
    """Return a copy of it, to do something to."""
    return Path(shutil.copytree(filled, tmp_path / "shop"))


def test_a_statement_for_people_and_for_machines(command: Callable[..., Ended], shop: Path) -> None:
    shown = command("ledger", shop, "wecom:ann", *LATER)
    assert shown.status == 0
    assert "ordered A1 of 120.00" in shown.output
    assert "What there is on 2026-12-02 10:00:00+08:00" in shown.output
    found = json.loads(command("ledger", shop, "points", "--most", "1", *LATER, "--json").output)
    assert (found["entries"][0]["balance"], found["left_out"]) == (840, 5)
    assert "there is no line of wecom:nobody yet" in command("ledger", shop, "wecom:nobody").output


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("ledger",), 2, "say whose ledger: a member or an incentive"),
        (("ledger", "a", "b", "--audit"), 2, "say no member and no incentive with --audit"),
        (("close", "2026-13"), 1, "'2026-13' is no month"),
        (("reverse", ".", "--by", "Lin", "--reason", "test"), 1, "name one campaign, or one incentive"),
    ],
)
def test_mistakes(
    command: Callable[..., Ended], shop: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], status: int,
    words: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(shop)
    ended = command(*arguments)
    assert ended.status == status
    assert words in ended.error


def test_a_month_is_closed_and_shown_again(command: Callable[..., Ended], shop: Path) -> None:
    assert "no run has looked at all of 2026-11 yet" in command("close", shop, "2026-11", *LATER).error
    command("run", shop, *LATER)
    assert "2026-11, closed now" in command("close", shop, "2026-11", *LATER).output
    assert "2026-11, as it was closed" in command("close", shop, "2026-11", *LATER).output
    found = json.loads(command("close", shop, "2026-11", *LATER, "--json").output)
    assert (found["month"], found["new"]) == ("2026-11", False)
    assert sum(row["closing"] for row in found["rows"] if row["incentive"] == "points") == 840


def test_a_reversal_is_shown_done_and_not_done_again(command: Callable[..., Ended], shop: Path) -> None:
    said = ("reverse", shop, "--campaign", "double", "--by", "Lin", "--reason", "wrong", *LATER)
    assert "What would be reversed" in command(*said, "--plan").output
    (friends, points) = json.loads(command(*said, "--json").output)
    assert (friends["taken"], points["taken"], points["members"]) == (1, 250, 2)
    assert "nothing to reverse" in command(*said).output


def test_an_audit_ends_with_status_1_where_a_ledger_differs(command: Callable[..., Ended], shop: Path) -> None:
    honest = command("ledger", shop, "--audit", *LATER)
    assert (honest.status, "every ledger is what the log says" in honest.output) == (0, True)
    store = load(shop, discover().require()).brand.store
    with duckdb.connect(str(shop / store)) as connection:
        connection.execute("UPDATE grants SET amount = 130 WHERE amount = 120")
    differs = command("ledger", shop, "--audit", *LATER)
    assert (differs.status, "Where ledgers differ: 1" in differs.output) == (1, True)
    found = command("ledger", shop, "--audit", *LATER, "--json")
    assert found.status == 1
    (one,) = json.loads(found.output)["findings"]
    assert (one["check"], one["stored"], one["expected"]) == ("facts", 130, 120)
