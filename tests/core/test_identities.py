"""Outside ids are written in one form, wherever they come in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import narwhals as nw
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.brands import HEAD, folder, happened, opened, rows

from siyu.errors import ConfigError, UserError
from siyu.identities import normal, normalised
from siyu.stores.engine import DuckEngine
from siyu.testing.polars import PolarsEngine

if TYPE_CHECKING:
    from siyu.engine import Engine


def wide(kind: str, text: str) -> str:
    """Return an id whose letters are as wide as Chinese ones."""
    return kind + "".join(chr(ord(letter) + 0xFEE0) for letter in text)


ALIKE = {
    "phone:+8613800138000": [
        "phone:13800138000",
        "phone:138 0013 8000",
        " Phone: +86 138-0013-8000 ",
        wide("phone:", "13800138000"),
        "phone:8613800138000",
        "phone:008613800138000",
        "phone:(+86) 13800138000",
    ],
    "phone:+4915100000001": ["phone:+49 151 00000001", "phone:+49 0151 00000001", "phone:0049 151 00000001"],
    "email:ann@example.com": [
        "email:Ann@Example.com",
        "EMAIL: ann@EXAMPLE.COM\t",
        wide("email:", "ann") + "@example.com",
    ],
    "email:ann.lee+tea@example.co.uk": ["email:Ann.Lee+Tea@Example.co.uk"],
    "email:ann@müller.de": ["email:Ann@MÜLLER.de"],
    "wecom:wmAbC_-9": [" wecom:wmAbC_-9", "WeCom:wmAbC_-9\n", "wecom: wmAbC_-9"],
    "openid:wx1F/oAbC": ["openid:wx1F/oAbC "],
    "wechat:oUnion:1": ["wechat:oUnion:1"],
}
WRONG = {
    "phone:12345": "no number of the plan of +86",
    "phone:ann": "no phone number",
    "phone:+99912345678": "no phone number",
    "phone:+86138": "no number of the plan of +86",
    "email:ann": "no e-mail address",
    "email:a b@example.com": "no e-mail address",
    "email:ann..lee@example.com": "no e-mail address",
    "email:@example.com": "no e-mail address",
    "email:ann@localhost": "no e-mail address",
    f"email:{'a' * 250}@example.com": "no e-mail address",
    "wecom:": "expected kind:value",
    "wecom: ": "expected kind:value",
    "13800138000": "expected kind:value",
    "": "expected kind:value",
    "a b:c": "expected kind:value",
}


@pytest.fixture(params=["duckdb", "polars"])
def engine(request: pytest.FixtureRequest) -> Engine:
    return DuckEngine(duckdb.connect(), "k") if request.param == "duckdb" else PolarsEngine("k")


def test_every_way_to_write_an_id_is_one(engine: Engine) -> None:
    texts = [text for form, ways in ALIKE.items() for text in (form, *ways)] + [*WRONG]
    frame = engine.frame({"id": [*texts, None], "n": range(len(texts) + 1)}, {"id": nw.String(), "n": nw.Int64()})
    made = normalised(engine, frame, "id", "CN").select("n", "id", "bad:id")
    found = {n: told for n, *told in engine.rows(made)}
    expected = [[form, None] for form, ways in ALIKE.items() for _ in (form, *ways)]
    assert [found[n] for n in range(len(expected))] == expected
    for n, (text, words) in enumerate(WRONG.items(), len(expected)):
        kept, bad = found[n]
        assert (kept, words in (bad or "")) == (text, True)
    assert found[len(texts)][0] is None
    assert "expected kind:value" in found[len(texts)][1]


def test_a_region_says_what_a_short_number_is() -> None:
    assert normal("phone:020 7946 0018", "GB") == "phone:+442079460018"
    for region in ("", "EU", "Zhejiang"):
        with pytest.raises(ValueError, match=r"needs \[brand\] region"):
            normal("phone:020 7946 0018", region)


digits = st.one_of(st.text("0123456789", min_size=10, max_size=10), st.text("0123456789", min_size=6, max_size=11))
values = st.one_of(
    st.builds("phone:{}1{}".format, st.sampled_from(["", "+86"]), digits),
    st.builds("email:{}".format, st.from_regex(r"[a-zA-Z0-9_.+-]{1,8}@[a-zA-Z0-9.-]{1,12}", fullmatch=True)),
    st.builds("{}:{}".format, st.sampled_from(["wecom", "WeCom", "openid"]), st.text(max_size=6)),
)


@given(text=values)
@example(text="wecom:a\u00a0")
@example(text="wecom:\u3000a")
@example(text="email:a.@example.com")
@example(text="phone:+8613800138000")
@example(text="phone:13800138000")
@example(text="email:Ann@X.org")
@example(text=f"email:{'a.' * 120}a@example.com")
def test_what_an_expression_takes_for_normal_is(text: str) -> None:
    frame = {"id": [text]}
    try:
        expected = (normal(text, "CN"), False)
    except ValueError:
        expected = (text, True)
    for engine in (DuckEngine(duckdb.connect(), "k"), PolarsEngine("k")):
        made = normalised(engine, engine.frame(frame, {"id": nw.String()}), "id", "CN")
        ((kept, bad),) = engine.rows(made.select("id", "bad:id"))
        assert (kept, bad is not None) == expected


def test_ids_are_one_at_every_door(tmp_path: Path) -> None:
    ways = ["phone:138 0013 8000", "phone:+8613800138000", wide("phone:", "13800138000")]
    facts = [happened("x", "viewed", "2026-11-12T01:00", f"v{n}") | {"identity": way} for n, way in enumerate(ways)]
    with opened(folder(tmp_path, HEAD)) as brand:
        brand.ingest([*facts, happened("x", "viewed", "2026-11-12T01:00", "v9") | {"identity": "phone:12"}])
        said = {"channel": "box", "purpose": "marketing", "state": "granted", "time": "2026-11-12T01:00"}
        brand.ingest([{"identity": ways[0], **said}], table="consents")
        brand.ingest([{"identity": ways[0], "other": "email:Ann@x.org", "time": "2026-11-12T01:00"}], table="links")
        number = brand.number(" phone:138-0013-8000")
        assert {member for (member,) in rows(brand, "events", "member")} == {number}
        assert rows(brand, "consents", "member") == [(number,)]
        assert rows(brand, "links", "a", "b") == [(number, brand.number("email:ann@X.org"))]
        assert sorted(rows(brand, "identities", "kind", "value")) == [
            ("email", brand.number("email:ann@x.org")),
            ("phone", number),
        ]
        reason, raw = rows(brand, "rejects", "reason", "raw")[0]
        assert reason.startswith("identity: no number of the plan of +86")
        assert "phone:12" in raw
        with pytest.raises(UserError, match="is no member: no number of the plan"):
            brand.number("phone:12")


def test_the_allow_list_names_people_as_the_door_does(tmp_path: Path) -> None:
    toml = HEAD.replace("[gate]", '[gate]\nallow = ["phone:138 0013 8000"]') + (
        '[campaign.hello]\nuse = "broadcast"\nfrom = 2026-11-01\non = 2026-11-12\nat = "10:00"\nsay = "hi"\n'
        'via = "box"\n'
        '[channel.other]\nuse = "console"\n'
    )
    place = folder(tmp_path, toml)
    (place / "env").mkdir()
    (place / "env" / "trial.toml").write_text('[channel.box]\nenvironment = "trial"\n', encoding="utf-8")
    with opened(place, environment="trial") as brand:
        facts = [
            happened("x", "joined", "2026-11-11T01:00", name) | {"identity": name}
            for name in ("phone:13800138000", "wecom:b")
        ]
        brand.ingest(facts, now="2026-11-11T10:00")
        brand.run(now="2026-11-12T12:00")
        sent = {touch for touch, state in rows(brand, "receipts", "touch", "state") if state == "sent"}
        reached = {member for touch, member in rows(brand, "touches", "id", "recipient") if touch in sent}
        assert reached == {brand.number("phone:13800138000")}


def test_a_config_that_names_nobody_is_told(tmp_path: Path) -> None:
    toml = HEAD.replace("[gate]", '[gate]\nallow = ["wecom:a", "phone:12"]') + '[identity]\nrelease = ["email:ann"]\n'
    with pytest.raises(ConfigError) as caught:
        opened(folder(tmp_path, toml))
    told = [problem.message for problem in caught.value.problems]
    assert [words.partition(",")[0] for words in told] == [
        "'phone:12': no number of the plan of +86",
        "'email:ann': no e-mail address",
    ]
