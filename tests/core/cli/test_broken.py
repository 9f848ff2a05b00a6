"""A corpus of broken configs of the bundled plugins, as a person meets them: what ``siyu check`` prints of each.

``broken.txt`` holds them: after ``===`` what a second file adds to a sound config, after ``---`` all that is printed,
with the name of a kind in braces for all that plugins bring of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from siyu.registry import discover

Command = Callable[..., Any]

SOUND = """[brand]
name = "Tea"

[feature]
spend_90d = { sum = "ordered.amount", window = "90d" }

[segment]
lapsed = "days_since('ordered') > 45"

[tagger.value]
use = "rules"
when.vip = "spend_90d >= '500.00'"

[content.texts]
use = "library"
items.hello = { kind = "emotion", text = "Hello. Reply STOP to end." }

[channel.screen]
use = "console"

[metric.again]
use = "repurchase"
"""
TEXT = Path(__file__).with_name("broken.txt").read_text(encoding="utf-8")
for kind, names in discover().components.items():
    TEXT = TEXT.replace(f"{{{kind}}}", ", ".join(sorted(names)))
CORPUS = [tuple(part.strip("\n") for part in case.split("\n---\n")) for case in TEXT.split("===\n")[1:]]


def test_there_are_enough() -> None:
    assert len(CORPUS) >= 60
    assert len({text for text, _ in CORPUS}) == len(CORPUS)


@pytest.mark.parametrize(("text", "told"), CORPUS, ids=[told.split(": ")[1] for _, told in CORPUS])
def test_what_is_printed(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "brand.toml").write_text(SOUND, encoding="utf-8")
    (tmp_path / "more.toml").write_text(text + "\n", encoding="utf-8")
    ended = command("check")
    assert (ended.status, ended.output) == (1, "")
    number = len(re.findall(r"(?m)^(?:brand|more)\.toml:\d+:\d+: ", told))
    assert ended.error == f"{told}\nsiyu: {number} problem{'s' if number > 1 else ''} in the config\n"
    (first, *_) = json.loads(command("check", "--json").output)["problems"]
    assert told.startswith(f"{first['file']}:{first['line']}:{first['column']}: {first['path']}")
    assert first["message"] in told


def test_without_what_is_broken_it_is_sound(command: Command, tmp_path: Path) -> None:
    (tmp_path / "brand.toml").write_text(SOUND, encoding="utf-8")
    ended = command("check", tmp_path)
    assert ended.status == 0
    assert "the config is sound" in ended.output
