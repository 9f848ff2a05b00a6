"""Words of one member, in messages that are the same for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.brands import folder, opened

from siyu.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

TOML = """
[brand]
name = "Tiny"
[content.words]
use = "library"
[content.words.items.hi]
kind = "emotion"
text = "{text}"
slots = ["greeting"]
[content.words.items.plain]
kind = "emotion"
text = "50% off, item #1 of {{}}"
[campaign.tea]
use = "journey"
from = 2026-11-01
start = {{ event = "joined" }}
via = "{whole}"
steps = [{{ id = "one", say = "plain", via = "customers" }}, {{ id = "two", say = "{say}", via = "{via}" }}]
[channel.customers]
use = "wecom-customer"
corp = "ww1"
app = {{ secret = {{ env = "WECOM_SECRET" }} }}
[channel.box]
use = "console"
"""


@pytest.mark.parametrize(
    "text", ["Dear {name}", "Dear {{ name }}", "Dear ${first.name}", "Dear %NAME%", "亲爱的#姓名#"]
)
@pytest.mark.parametrize(("say", "via"), [("hi", "customers"), ("greeting", "customers")])
def test_a_place_for_a_name_is_refused(tmp_path: Path, text: str, say: str, via: str) -> None:
    with pytest.raises(ConfigError) as caught:
        opened(folder(tmp_path, TOML.format(text=text, say=say, via=via, whole="box")))
    (problem,) = caught.value.problems
    assert "'hi' says " in problem.message
    assert problem.message.endswith("and channel.customers sends the same words to all")
    assert problem.path == ("campaign", "tea", "steps", "1", "say")


def test_other_channels_and_other_words_are_free(tmp_path: Path) -> None:
    for text, say, via in (
        ("Dear {name}", "hi", "box"),
        ("Dear {name}", "plain", "customers"),
        ("Hi!", "hi", "customers"),
    ):
        opened(folder(tmp_path, TOML.format(text=text, say=say, via=via, whole="box"))).close()
