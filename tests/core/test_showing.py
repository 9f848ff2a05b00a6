"""A channel's own tags, brought to what the taggers say: WeCom on this machine, through the command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from attrs import define, field
from tests.brands import folder, happened, opened, rows
from tests.loopback import Call, Raw, loopback

from siyu.errors import UserError

if TYPE_CHECKING:
    from siyu.brand import Brand

TOML = """
[brand]
name = "Tiny"
zone = "Asia/Shanghai"
[tagger.staff]
use = "manual"
tags = ["host", "vip"]
[tagger.wecom]
use = "channel-tags"
channel = "customers"
out = {{ host = "T-HOST", vip = "T-VIP" }}
[channel.customers]
use = "wecom-customer"
corp = "ww1"
app = {{ secret = {{ file = "secret" }}, base_url = "{base}" }}
[channel.box]
use = "console"
"""


@define
class Tags:
    """WeCom's tags by staff member and contact, and which contacts it refuses, with what."""

    known: dict[tuple[str, str], set[str]] = field(factory=dict)
    refused: dict[str, Any] = field(factory=dict)
    calls: list[Any] = field(factory=list)

    def call(self, call: Call) -> Any:  # noqa: ANN401 - see loopback
        if call.path == "gettoken":
            return {"errcode": 0, "access_token": "T", "expires_in": 7200}
        assert call.path == "externalcontact/mark_tag"
        self.calls.append(call.body)
        person = call.body["external_userid"]
        if person in self.refused:
            return self.refused[person]
        held = self.known.setdefault((call.body["userid"], person), set())
        held |= set(call.body.get("add_tag", ()))
        held -= set(call.body.get("remove_tag", ()))
        return {"errcode": 0}


@pytest.fixture
def tags() -> Tags:
    return Tags()


@pytest.fixture
def shop(tmp_path: Path, tags: Tags) -> Any:  # noqa: ANN401 - a brand, as long as its server serves
    (tmp_path / "secret").write_text("s3cr3t", encoding="ascii")
    with loopback(tags.call) as server, opened(folder(tmp_path, TOML.format(base=server.address))) as brand:
        people = {"wma": ("ann", "bob"), "wmb": ("ann",), "wmc": ()}
        facts = [
            happened(name, "followed", "2026-11-02T08:00:00Z", f"{name}-{one}", staff=one)
            for name, staff in people.items()
            for one in staff
        ]
        facts.append(happened("wmc", "joined", "2026-11-02T08:00:00Z", "wmc"))
        facts.append(happened("wmb", "marked", "2026-11-02T09:00:00Z", "m", subject="T-VIP", ref="customers"))
        brand.ingest(facts, now="2026-11-03")
        for name in people:
            brand.tag(f"wecom:{name}", "host", by="lin", now="2026-11-03")
        brand.run(now="2026-11-04")
        yield brand


def brief(brand: Brand, now: str) -> list[tuple[str, str, str]]:
    names = {brand.number(f"wecom:{name}"): name for name in ("wma", "wmb", "wmc")}
    return sorted((names[one.member], one.mark, one.reason) for one in brand.show_marks("customers", now=now))


def test_only_what_differs_is_changed_and_once(shop: Brand, tags: Tags) -> None:
    tags.refused = {"wma": {"errcode": 84061, "errmsg": "not external contact"}}
    first = brief(shop, "2026-11-05")
    assert [(who, mark) for who, mark, _ in first] == [
        ("wma", "T-HOST"),
        ("wmb", "T-HOST"),
        ("wmb", "T-VIP"),
        ("wmc", "T-HOST"),
    ]
    reasons = [reason for *_, reason in first]
    assert "84061" in reasons[0]
    assert reasons[1:] == ["", "", "the member is nobody's contact"]
    assert {"userid": "ann", "external_userid": "wmb", "add_tag": ["T-HOST"], "remove_tag": ["T-VIP"]} in tags.calls

    # What was made is known, and not asked for again; what failed is.
    tags.refused, tags.calls = {}, []
    assert brief(shop, "2026-11-06") == [("wma", "T-HOST", ""), ("wmc", "T-HOST", "the member is nobody's contact")]
    assert {(one["userid"], one["external_userid"]) for one in tags.calls} == {("ann", "wma"), ("bob", "wma")}
    assert brief(shop, "2026-11-07") == [("wmc", "T-HOST", "the member is nobody's contact")]
    assert tags.known == {("ann", "wma"): {"T-HOST"}, ("bob", "wma"): {"T-HOST"}, ("ann", "wmb"): {"T-HOST"}}
    told = [
        (kind, mark, ref) for kind, mark, ref in rows(shop, "events", "type", "subject", "ref") if ref == "customers"
    ]
    assert sorted(told[1:]) == [
        ("marked", "T-HOST", "customers"),
        ("marked", "T-HOST", "customers"),
        ("unmarked", "T-VIP", "customers"),
    ]


def test_what_came_before_a_failure_is_kept(shop: Brand, tags: Tags) -> None:
    tags.refused = {"wma": {"errcode": 48002, "errmsg": "forbidden"}}
    with pytest.raises(UserError, match="48002"):
        shop.show_marks("customers", now="2026-11-05")
    tags.refused = {"wma": Raw(400)}
    assert [(who, mark) for who, mark, _ in brief(shop, "2026-11-06")] == [("wma", "T-HOST"), ("wmc", "T-HOST")]
    for channel, words in (("box", "no tagger says"), ("customer", "did you mean 'customers'")):
        with pytest.raises(UserError, match=words):
            shop.show_marks(channel)
