"""``siyu check``, with rules and advice."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from siyu.cli.main import main

CONFIGS = Path(__file__).parents[3] / "configs"


@pytest.fixture(params=["complete-journey", "tea-shop"])
def example(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    folder = tmp_path / str(request.param)
    shutil.copytree(CONFIGS / folder.name, folder, ignore=shutil.ignore_patterns(".siyu"))
    return folder


def changed(folder: Path, file: str, old: str, new: str) -> None:
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new), encoding="utf-8")


def test_the_examples_keep_the_rules_of_their_region(example: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", str(example), "--strict"])
    said = capsys.readouterr().out
    assert "It keeps the rules of " in said
    assert "waived: " in said
    assert "advice " not in said


def test_the_waivers_and_the_advice_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "tea-shop"
    shutil.copytree(CONFIGS / "tea-shop", folder, ignore=shutil.ignore_patterns(".siyu"))
    changed(folder, "campaigns.toml", 'holdout = "10%"\n', "")
    main(["check", str(folder)])
    said = capsys.readouterr().out
    assert "minors-unknown of cn-2026, waived: the audience is made up" in said
    assert "campaign.member-day (broadcast): advice no-holdout: no campaign keeps a holdout" in said
    assert "    ^" in said
    with pytest.raises(SystemExit) as ended:
        main(["check", str(folder), "--strict"])
    assert ended.value.code == 1


def test_machines_are_told_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "tea-shop"
    shutil.copytree(CONFIGS / "tea-shop", folder, ignore=shutil.ignore_patterns(".siyu"))
    changed(folder, "campaigns.toml", 'holdout = "10%"\n', "")
    main(["check", str(folder), "--json"])
    told = json.loads(capsys.readouterr().out)
    assert told["packs"] == ["cn-2026"]
    assert [(one["rule"], one["pack"]) for one in told["waived"]] == [("minors-unknown", "cn-2026")]
    (advice,) = told["advice"]
    assert (advice["name"], advice["path"]) == ("no-holdout", "campaign.member-day")
    assert advice["line"] > 0


def test_a_broken_rule_ends_with_status_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "tea-shop"
    shutil.copytree(CONFIGS / "tea-shop", folder, ignore=shutil.ignore_patterns(".siyu"))
    changed(folder, "incentives.toml", 'event = "checked_in"', 'event = "shared"')
    with pytest.raises(SystemExit) as ended:
        main(["check", str(folder)])
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert "incentives.toml:" in said
    assert "rule share-reward of cn-2026: nothing is given for the mere act of sharing; it has 'shared'" in said
    assert '[rules.waive] share-reward = "why"' in said
