from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from siyu.cli.show import _newest

Command = Callable[..., Any]

NOW = ("--now", "2026-11-20T11:00")


def as_json(ended: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    assert ended.status == 0, ended
    return json.loads(ended.output)


def test_json_of_every_command(command: Command, brand: Path) -> None:
    checked = as_json(command("check", brand, "--json"))
    assert checked["brand"] == "Tea"
    assert checked["counts"]["campaign"] == 1
    plan = as_json(command("plan", brand, *NOW, "--json"))
    assert plan["counts"]["touches"] == 2
    (verdict,) = plan["touches"]
    assert (verdict["campaign"], verdict["state"], verdict["members"]) == ("hello", "queued", 2)
    run = as_json(command("run", brand, *NOW, "--json"))
    assert run["touches"] == plan["touches"]
    assert run["counts"]["sent"] == 2
    assert "touches" in as_json(command("tick", brand, *NOW, "--json"))
    explained = as_json(command("explain", brand, "wecom:ann", *NOW, "--json"))
    sections = {section["stage"]: section for section in explained["sections"]}
    touch = dict(zip(sections["touches"]["columns"], sections["touches"]["rows"][0], strict=True))
    assert (touch["campaign"], touch["state"]) == ("hello", "sent")
    plugins = as_json(command("plugins", "--json"))
    assert next(one for one in plugins if one["name"] == "journey")["brings"] == ["campaign journey"]


def test_people_read_tables(command: Command, brand: Path) -> None:
    assert "the config is sound" in command("check", brand).output
    ended = command("run", brand, *NOW)
    assert ended.status == 0
    assert "hello" in ended.output
    assert "propose" in ended.error
    assert "Hello" in ended.output
    ended = command("explain", brand, "wecom:ann", *NOW)
    assert ended.status == 0
    assert "2026-11-10 20:00:00+08:00" in ended.output
    assert "journey" in command("plugins").output


def test_many_numbers_of_a_metric_are_cut_for_people() -> None:
    few = [("again", "lifetime", "", "share", 0.5, 4)]
    many = [("stay", f"2026-{month:02}", "", key, 1.0, 2) for month in range(1, 11) for key in ("active", "m1")]
    shown = list(_newest([*few, *many]))
    assert shown == [*few, ("stay", "8 more", "", "see --json", None, None), *many[8:]]
    assert list(_newest(many[:12])) == many[:12]


def test_a_terminal_shows_what_goes_on_in_one_line(
    command: Command, brand: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr("rich.status.Status.update", lambda _self, words: told.append(words))
    ended = command("run", brand, *NOW)
    assert ended.status == 0
    assert "… " not in ended.error
    shown = ["ingest", "entry.shop", "campaign.hello", "record", "deliver"]
    assert [words for words in told if words in shown] == shown


def test_plan_says_by_its_status_whether_there_is_something_to_do(command: Command, brand: Path) -> None:
    assert command("plan", brand, *NOW).status == 0
    assert command("plan", brand, *NOW, "--exit-code").status == 3
    assert command("run", brand, *NOW).status == 0
    assert command("plan", brand, *NOW, "--exit-code").status == 0


def test_a_run_may_leave_its_touches_queued(command: Command, brand: Path) -> None:
    held = as_json(command("run", brand, *NOW, "--no-send", "--json"))
    assert "sent" not in held["counts"]
    assert held["counts"]["gate: passed"] == 2
    sent = as_json(command("run", brand, *NOW, "--json"))
    assert (sent["counts"]["touches"], sent["counts"]["sent"]) == (0, 2)


def test_the_folder_is_the_current_one_by_default(
    command: Command, brand: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(brand)
    assert as_json(command("check", "--json"))["brand"] == "Tea"
    assert command("run", *NOW).status == 0
    assert (brand / ".siyu" / "store.duckdb").exists()


def test_help_lists_the_commands_and_loads_no_engine(command: Command) -> None:
    helped = command("--help")
    assert helped.status == 0
    for name in ("check", "plan", "run", "tick", "explain", "plugins"):
        assert name in helped.output
        assert command(name, "--help").status == 0
    script = """
import sys
from siyu.cli import main
try:
    main(["--help"])
finally:
    slow = {"duckdb", "narwhals", "polars", "pandas", "cattrs", "rich", "siyu_plugins"} & set(sys.modules)
    assert not slow, slow
"""
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "explain" in done.stdout


def test_the_version(command: Command) -> None:
    ended = command("--version")
    assert ended.status == 0
    assert ended.output.startswith("siyu, version ")
