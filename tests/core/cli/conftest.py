"""What the tests of the command share: a small brand, and what runs the command as a person does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeAlias

import pytest

from siyu.cli import main

BRAND = """
[brand]
name = "Tea"
zone = "Asia/Shanghai"

[gate]
consent = "unless-withdrawn"

[entry.shop]
use = "files"
files = ["joined.csv"]
type = "joined"
id = "{id}"
member = "wecom:{id}"
time = "at"

[content.texts]
use = "library"
[content.texts.items.hello]
kind = "emotion"
text = "Hello"

[campaign.hello]
use = "broadcast"
from = 2026-11-01
on = 2026-11-20
at = "10:00"
say = "hello"
via = "screen"

[channel.screen]
use = "console"
"""


class Ended(NamedTuple):
    """How a command ended."""

    status: int
    output: str
    error: str


Command: TypeAlias = "Callable[..., Ended]"


@pytest.fixture
def brand(tmp_path: Path) -> Path:
    folder = tmp_path / "brand"
    folder.mkdir()
    (folder / "brand.toml").write_text(BRAND, encoding="utf-8")
    (folder / "joined.csv").write_text("id,at\nann,2026-11-10 12:00\nbob,2026-11-11 12:00\n", encoding="utf-8")
    return folder


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    def run(*arguments: str | Path) -> Ended:
        capsys.readouterr()
        status = 0
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as ended:
            status = int(ended.code or 0)
        told = capsys.readouterr()
        return Ended(status, told.out, told.err)

    return run
