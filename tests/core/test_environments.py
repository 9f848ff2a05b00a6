"""A trial never reaches a customer: environments of stores and channels, and the allow-list."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import siyu
from siyu.errors import ConfigError, StoreError, UserError
from siyu.hooks import hookimpl
from siyu.kinds import Channel, Receipt

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from siyu.kinds import Message

NOW = "2026-11-20T12:00:00Z"
CONFIG = """
[brand]
name = "Tea"
[gate]
consent = "unless-withdrawn"
quiet = "01:00-01:01"
[content.words]
use = "library"
items.hello = { kind = "emotion", form = "text", topic = "tea", text = "Hello" }
[campaign.hello]
use = "broadcast"
from = 2026-11-01
on = 2026-11-20
at = "10:00"
say = "hello"
via = "post"
[channel.post]
use = "post"
"""
REACHED: list[int] = []


class Post(Channel):
    """Reaches people, as a channel of production does."""

    def send(self, messages: Sequence[Message]) -> Iterable[Receipt]:
        """Note who was reached."""
        for message in messages:
            REACHED.append(message.recipient)
            yield Receipt(message.touch, "sent")


class Plugin:
    """Brings the channel."""

    @hookimpl
    def siyu_register_channels(self) -> dict[str, type[Channel]]:
        """Bring ``post``."""
        return {"post": Post}


def opened(folder: Path, environment: str | None = None) -> siyu.Brand:
    return siyu.open(folder, environment=environment, plugins={"post": Plugin()})


def run(brand: siyu.Brand) -> list[tuple[str, str, int]]:
    REACHED.clear()
    joined = [{"identity": f"wecom:{one}", "type": "joined", "time": "2026-11-01T00:00:00"} for one in ("a", "b", "c")]
    brand.ingest(joined, now=NOW)
    return [(state, reason, number) for *_, state, reason, number in brand.run(now=NOW).touched]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "brand.toml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "env").mkdir()
    return tmp_path


def test_in_production_everybody_is_reached(folder: Path) -> None:
    with opened(folder) as brand:
        assert run(brand) == [("queued", "", 3)]
    assert len(REACHED) == 3


def test_outside_production_a_channel_of_production_refuses(folder: Path) -> None:
    allow = '[gate]\nallow = ["wecom:a", "wecom:b", "wecom:c"]\n[brand]\nstore = "staging.duckdb"\n'
    (folder / "env" / "staging.toml").write_text(allow, encoding="utf-8")
    with opened(folder, "staging") as brand:
        assert run(brand) == [("suppressed", "channel 'post' does not belong to staging", 3)]
    assert REACHED == []


def test_outside_production_only_the_allow_list_is_reached(folder: Path) -> None:
    text = '[gate]\nallow = ["wecom:b"]\n[channel.post]\nenvironment = "staging"\n'
    (folder / "env" / "staging.toml").write_text(text, encoding="utf-8")
    with opened(folder, "staging") as brand:
        reason = "outside production (staging) only the allow-list is reached"
        assert sorted(run(brand)) == [("queued", "", 1), ("suppressed", reason, 2)]
        assert [brand.number("wecom:b")] == REACHED


def test_a_store_keeps_its_environment(folder: Path) -> None:
    (folder / "env" / "staging.toml").write_text("", encoding="utf-8")
    opened(folder).close()
    with pytest.raises(StoreError, match="made for another environment; open it with its --env"):
        opened(folder, "staging")
    opened(folder).close()


def test_a_held_run_goes_out_when_a_person_releases_it(folder: Path) -> None:
    text = CONFIG.replace('consent = "unless', 'brake = { times = 1, least = 2 }\nconsent = "unless')
    (folder / "brand.toml").write_text(text, encoding="utf-8")
    with opened(folder) as brand:
        assert run(brand) == [("held", "the brake: 3 touches today, of 2 that pass without a person", 3)]
        with pytest.raises(UserError, match="there is no 'brakes' to release; there is brake"):
            brand.control("brakes", "release", actor="Li", now=NOW)
        with pytest.raises(UserError, match="'let go' is no order"):
            brand.control("brake", "let go", actor="Li", now=NOW)
        brand.control("brake", "release", actor="Li", now=NOW)
        assert run(brand) == [("queued", "", 3)]


def test_a_file_includes_others(folder: Path) -> None:
    shared = folder / "shared"
    shared.mkdir()
    (shared / "more.toml").write_text(
        'include = ["../brand.toml"]\n[segment]\nnew = "joined >= \'2026-01-01\'"\n', encoding="utf-8"
    )
    text = 'include = ["shared/*.toml"]\n' + CONFIG
    (folder / "brand.toml").write_text(text, encoding="utf-8")
    with opened(folder) as brand:
        assert list(brand.programme.segments) == ["new"]
    for wrong, words in {
        '["nowhere.toml"]': "includes 'nowhere.toml', which is no file",
        "3": "expected a list of paths",
    }.items():
        (folder / "brand.toml").write_text(f"include = {wrong}\n" + CONFIG, encoding="utf-8")
        with pytest.raises(ConfigError, match=words):
            opened(folder)
