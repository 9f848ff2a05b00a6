"""Tags by hand and the marks of a channel, by the command."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]

NOW = ("--now", "2026-11-20T11:00")
TAGGERS = """
[tagger.staff]
use = "manual"
tags = ["host"]
[tagger.wecom]
use = "channel-tags"
channel = "screen"
out = { host = "T1" }
"""


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the brand is kept that the first test made."""
    return tmp_path_factory.mktemp("lived") / "brand"


@pytest.fixture
def tagged(command: Command, brand: Path, lived: Path) -> Path:
    """Return the folder of a brand whose Ann is a host."""
    if lived.exists():
        return Path(shutil.copytree(lived, brand, dirs_exist_ok=True))
    with (brand / "brand.toml").open("a", encoding="utf-8") as file:
        file.write(TAGGERS)
    assert command("run", brand, "--now", "2026-11-18").status == 0
    said = ("--by", "lin", "--value", "3", "--until", "2026-12-31", "--note", "brings friends", "--now", "2026-11-19")
    for words in ("wecom:ann has the tag host by lin", "it was said before"):
        assert command("tag", brand, "wecom:ann", "host", *said).output == f"{words}\n"
    shutil.copytree(brand, lived)
    return brand


def test_a_tag_is_given_shown_and_taken(command: Command, tagged: Path) -> None:
    assert command("run", tagged, *NOW, "--no-send").status == 0
    shown = command("explain", tagged, "wecom:ann", *NOW).output
    for words in ("by lin, 2026-11-19: brings friends", "2026-11-20 11:00:00+08:00", "2027-01-01 00:00:00+08:00"):
        assert words in shown
    taken = ("untag", tagged, "wecom:ann", "host", "--by", "wu", "--note", "moved", "--now", "2026-11-20T12:00")
    assert command(*taken).output == "wu took the tag host from wecom:ann\n"
    assert command(*taken).output == "it was said before\n"
    assert command("run", tagged, "--now", "2026-11-20T12:01", "--no-send").status == 0
    assert "brings friends" not in command("explain", tagged, "wecom:ann", *NOW).output.partition("tag changes")[0]


def test_marks_for_people_and_machines(command: Command, tagged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert command("marks", tagged, "screen", *NOW).output == "nothing to change in screen\n"
    assert json.loads(command("marks", tagged, "screen", *NOW, "--json").output) == []
    assert command("run", tagged, *NOW, "--no-send").status == 0
    told = json.loads(command("marks", tagged, "screen", *NOW, "--json").output)
    assert [(row["mark"], row["change"]) for row in told] == [("T1", "add")]
    monkeypatch.chdir(tagged)
    shown = command("marks", "screen", *NOW).output
    assert "To change in screen" in shown
    assert str(told[0]["member"]) in shown


def test_mistakes_end_with_a_message(command: Command, tagged: Path) -> None:
    for arguments, words in (
        (("tag", tagged, "wecom:ann", "hots", "--by", "lin"), "did you mean 'host'?"),
        (("tag", tagged, "wecom:nobody", "host", "--by", "lin"), "no member wecom:nobody is known"),
        (("untag", tagged, "ann", "host", "--by", "lin"), "'ann' is no member"),
        (("tag", tagged, "wecom:ann", "host", "--by", "lin", "--until", "never"), "'never' is not a moment"),
        (("marks", tagged, "scren"), "did you mean 'screen'?"),
    ):
        ended = command(*arguments)
        assert (ended.status, words in ended.error) == (1, True), ended


@pytest.mark.parametrize(
    "arguments",
    [
        ("tag", "host", "--by", "x"),
        ("tag", ".", "wecom:ann", "host"),
        ("untag", "a", "b", "c", "d", "--by", "x"),
        ("marks",),
    ],
)
def test_wrong_usage(command: Command, arguments: tuple[str, ...]) -> None:
    ended = command(*arguments)
    assert ended.status == 2
    assert "Error: " in ended.error


def test_marks_are_applied_where_the_channel_can(command: Command, tagged: Path) -> None:
    ended = command("marks", tagged, "screen", "--apply", *NOW)
    assert (ended.status, "the channel 'screen' cannot change its tags" in ended.error) == (1, True)
    with (tagged / "brand.toml").open("a", encoding="utf-8") as file:
        file.write('[channel.staff]\nuse = "wecom-customer"\ncorp = "ww1"\napp = { secret = { env = "NONE" } }\n')
        file.write('[tagger.staff-tags]\nuse = "channel-tags"\nchannel = "staff"\nout = { host = "T1" }\n')
        file.write('[channel.other]\nuse = "wecom-customer"\ncorp = "ww1"\napp = { secret = { env = "NONE" } }\n')
        file.write('environment = "staging"\n[tagger.other-tags]\nuse = "channel-tags"\nchannel = "other"\n')
        file.write('out = { host = "T1" }\n')
    ended = command("marks", tagged, "other", "--apply", *NOW)
    assert (ended.status, "'other' does not belong to production" in ended.error) == (1, True)
    assert command("marks", tagged, "staff", "--apply", *NOW).output == "nothing to change in staff\n"
    assert command("run", tagged, *NOW, "--no-send").status == 0
    ended = command("marks", tagged, "staff", "--apply", *NOW, "--json")
    assert ended.status == 1
    assert [row["reason"] for row in json.loads(ended.output)] == ["the member has no id of ww1"]
