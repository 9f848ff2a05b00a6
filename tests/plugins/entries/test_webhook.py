from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import tomli_w
from attrs import evolve
from tests.brands import HEAD, fingerprints, folder, gapless, opened, rows
from tests.pushes import NOW, SECRET, hashed, post, signed

from siyu.config.units import Secret
from siyu.errors import ConfigError, UserError
from siyu.kinds import Request
from siyu_plugins.entries._signature import Signature
from siyu_plugins.entries.targeted import Column
from siyu_plugins.entries.webhook import Webhook

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from siyu.brand import Brand

LONG = 60
TOML = (
    HEAD
    + """
[field]
band = { purpose = "to recommend teas" }
age = { purpose = "to recommend teas" }
[entry.shop]
use = "webhook"
signature = { secrets = [{ file = "new" }, { file = "old" }] }
reply = "success"
rows = "data.orders"
type = { column = "kind" }
types = { placed = "ordered", paid = "paid", score = "rated" }
id = "{kind}/{no}"
member = "phone:{buyer.phone}"
time = "at"
place = "/shop.id"
ref = "no"
amount = "total"
quantity = "pieces"
props = { band = "buyer.band", age = "buyer.age" }
integers = ["age"]
defaults = { place = "online" }
lines_at = "lines"
lines = { sku = "sku.code", category = "sku.group", quantity = "n", amount = "sum" }
[entry.plain]
use = "webhook"
signature = { secrets = [{ file = "old" }] }
type = { column = "type" }
member = "{who}"
time = "time"
subject = "what.0.name"
amount = "amount"
[entry.consent]
use = "webhook"
table = "consents"
signature = { secrets = [{ file = "old" }] }
member = "{who}"
time = "at"
columns = { state = "state" }
defaults = { channel = "wecom", purpose = "marketing" }
"""
)
ORDER: dict[str, Any] = {
    "kind": "placed",
    "no": 17,
    "buyer": {"phone": "+8613800000000", "band": "gold", "age": 41},
    "at": "2026-11-20T08:00:00+08:00",
    "total": 106.5,
    "pieces": 3,
    "lines": [
        {"sku": {"code": "G01", "group": "gaiwan"}, "n": 1, "sum": "99.00"},
        {"sku": {"code": "P02", "group": "puer"}, "n": 2, "sum": 7.5},
    ],
}


@pytest.fixture
def brand(tmp_path: Path) -> Iterator[Brand]:
    (tmp_path / "old").write_text(SECRET + "\n", encoding="utf-8")
    (tmp_path / "new").write_text("fresh", encoding="utf-8")
    with opened(folder(tmp_path, TOML)) as made:
        yield made


def orders(*objects: object, **more: object) -> dict[str, Any]:
    return {"shop": {"id": "s1"}, "data": {"orders": list(objects)}, **more}


def test_an_order_comes_in_with_its_lines(brand: Brand) -> None:
    answer = post(brand, "shop", orders(ORDER))
    assert (answer.status, answer.body) == (200, b"success")
    columns = ("source", "source_id", "type", "second", "entry", "place", "ref", "amount", "quantity", "props")
    second = 1_795_132_800
    assert rows(brand, "events", *columns) == [
        ("shop", "placed/17", "ordered", second, "shop", "s1", "17", 10650, 3, '{"age":41,"band":"gold"}')
    ]
    assert rows(brand, "events", "member") == [(brand.number("phone:+8613800000000"),)]
    assert rows(brand, "items", "sku", "category", "quantity", "amount") == [
        ("G01", "gaiwan", 1, 9900),
        ("P02", "puer", 2, 750),
    ]
    gapless(brand)


def test_an_order_that_stands_twice_in_a_message_has_its_lines_once(brand: Brand) -> None:
    other = {**ORDER, "no": 18, "lines": [{"sku": {"code": "X"}, "n": 1, "sum": 1}] * 2}
    changed = {**ORDER, "lines": [{"sku": {"code": "Y"}, "n": 1, "sum": 1}]}
    post(brand, "shop", orders(ORDER, other, ORDER, {**ORDER, "no": 19, "lines": []}, changed))
    assert sorted(rows(brand, "items", "sku")) == [("G01",), ("P02",), ("X",), ("X",)]
    assert rows(brand, "rejects", "line", "reason") == [(5, "its order came before with other lines")]


def test_the_same_message_again_leaves_nothing_new(brand: Brand) -> None:
    message = orders(ORDER, {**ORDER, "no": 18, "total": "much"})
    post(brand, "shop", message)
    before = fingerprints(brand)
    assert len(rows(brand, "rejects")) == 3
    assert post(brand, "shop", message, at=NOW + 100, now=NOW + 100).status == 200
    assert fingerprints(brand) == before


def test_one_bad_object_is_set_apart_and_the_others_come_in(brand: Brand) -> None:
    bad = [
        {**ORDER, "no": 2, "buyer": {}},
        {**ORDER, "no": 3, "at": "soon"},
        {**ORDER, "no": 4, "total": "four"},
        {**ORDER, "no": None},
        {**ORDER, "no": 6, "pieces": 1.5},
        {**ORDER, "no": 7, "buyer": {"phone": "1", "age": "old"}},
        {**ORDER, "no": 8, "at": None},
    ]
    assert post(brand, "shop", orders(*({**one, "lines": []} for one in bad), ORDER)).status == 200
    assert rows(brand, "events", "source_id") == [("placed/17",)]
    assert sorted(rows(brand, "rejects", "entry", "source", "line", "reason")) == [
        ("shop", "shop", 1, "member: there is no value"),
        ("shop", "shop", 2, "time: 'soon' is not a moment"),
        ("shop", "shop", 3, "amount: 'four' is not money"),
        ("shop", "shop", 4, "id: there is no value"),
        ("shop", "shop", 5, "quantity: '1.5' is not a whole number"),
        ("shop", "shop", 6, "props.age: 'old' is not a whole number"),
        ("shop", "shop", 7, "time: there is no value"),
    ]
    assert json.loads(rows(brand, "rejects", "raw")[0][0])["no"] == 2


def test_kinds_that_nobody_asked_for_are_left(brand: Brand) -> None:
    before = fingerprints(brand)
    assert post(brand, "shop", orders({"kind": "viewed"}, {"kind": None}, 7, None, [])).status == 200
    assert post(brand, "shop", {"zen": "ping"}).status == 200
    assert post(brand, "plain", []).status == 200
    assert fingerprints(brand) == before


def test_a_score_is_no_money(brand: Brand) -> None:
    post(brand, "shop", orders({**ORDER, "kind": "score", "total": 5, "lines": []}))
    event = {"who": "wecom:ann", "time": NOW, "amount": 4}
    post(brand, "plain", [{**event, "type": "rated"}, {**event, "type": "paid"}])
    assert sorted(rows(brand, "events", "type", "amount")) == [("paid", 400), ("rated", 4), ("rated", 5)]


@pytest.mark.parametrize(
    ("time", "second"),
    [
        (1_795_132_800, 1_795_132_800),
        (1_795_132_800_999, 1_795_132_800),
        ("1795132800.25", 1_795_132_800),
        ("2026-11-20", 1_795_132_800),
        ("2026-11-20 08:00:00+08:00", 1_795_132_800),
        ("20261120", None),
        (17, None),
        (True, None),
        ([], None),
    ],
)
def test_moments_are_written_in_many_ways(brand: Brand, time: object, second: int | None) -> None:
    post(brand, "plain", {"type": "viewed", "who": "wecom:ann", "time": time})
    assert rows(brand, "events", "second") == ([] if second is None else [(second,)])
    assert len(rows(brand, "rejects")) == (second is None)


@pytest.mark.parametrize("amount", ["12345678901234567.89", "0.005", "1e2"])
def test_an_amount_is_read_as_it_is_written(brand: Brand, amount: str) -> None:
    body = f'{{"type": "paid", "who": "wecom:ann", "time": {NOW}, "amount": {amount}}}'
    brand.receive("plain", signed(body.encode()))
    expected = {"12345678901234567.89": 1234567890123456789, "0.005": 1, "1e2": 10000}
    assert rows(brand, "events", "amount") == [(expected[amount],)]


def test_paths_lead_into_lists_and_texts_stay_as_they_are(brand: Brand) -> None:
    post(brand, "plain", {"type": "viewed", "who": "wecom:ann", "time": NOW, "what": [{"name": '绿茶 \\ "☕"\u0000'}]})
    assert rows(brand, "events", "subject") == [('绿茶 \\ "☕"\u0000',)]


def test_other_tables_are_filled_too(brand: Brand) -> None:
    message = [{"who": "wecom:ann", "at": NOW, "state": state} for state in ("granted", "perhaps")]
    post(brand, "consent", message)
    assert rows(brand, "consents", "channel", "purpose", "state", "time") == [("wecom", "marketing", "granted", NOW)]
    assert rows(brand, "rejects", "reason") == [("state: expected granted, withdrawn or unknown",)]


def test_while_a_secret_is_replaced_both_are_good(brand: Brand) -> None:
    statuses = [
        post(brand, "shop", orders({**ORDER, "no": number}), secret=secret).status
        for number, secret in enumerate((SECRET, "fresh", "other", ""))
    ]
    assert statuses == [200, 200, 401, 401]
    assert len(rows(brand, "events")) == 2


def test_without_its_secret_an_entry_takes_nothing(brand: Brand, tmp_path: Path) -> None:
    (tmp_path / "old").unlink()
    with pytest.raises(UserError, match="cannot read the secret"):
        post(brand, "plain", [])


GOOD = signed(json.dumps({"type": "viewed", "who": "wecom:ann", "time": NOW}).encode())


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (evolve(GOOD, method="GET"), 405),
        (evolve(GOOD, method="HEAD"), 405),
        (evolve(GOOD, path="/more"), 404),
        (evolve(GOOD, headers={}), 401),
        (evolve(GOOD, headers={**GOOD.headers, "x-siyu-signature": "0" * 64}), 401),
        (evolve(GOOD, headers={**GOOD.headers, "x-siyu-signature": "茶"}), 401),
        (evolve(GOOD, headers={**GOOD.headers, "x-siyu-timestamp": str(NOW + 1)}), 401),
        (evolve(GOOD, headers={**GOOD.headers, "x-siyu-timestamp": ""}), 401),
        (evolve(GOOD, headers={**GOOD.headers, "x-siyu-timestamp": "٣" * 10}), 401),
        (evolve(GOOD, body=GOOD.body + b" "), 401),
        (evolve(GOOD, now=NOW + 301), 401),
        (evolve(GOOD, now=NOW - 301), 401),
        (signed(GOOD.body, secret="fresh"), 401),  # noqa: S106 - it opens nothing
        (signed(b"x" * (Webhook.limit + 1)), 413),
        (signed(b""), 400),
        (signed(b"{"), 400),
        (signed(b"\xff"), 400),
        (signed(b"\xef\xbb\xbf{}"), 400),
        (signed(b"[" * 100_000), 400),
        (signed(b'{"a":' * 40 + b"1" + b"}" * 40), 400),
        (signed(b'{"a": "' + b"[" * 40), 400),
        (signed(b'{"time": 1, "time": 2}'), 400),
        (signed(b'{"who": {"a": 1, "a": 1}}'), 400),
        (signed(b"[NaN]"), 400),
        (signed(b"[-Infinity]"), 400),
        (signed(b"[1e999]"), 400),
        (signed(b"[9223372036854775808]"), 400),
        (signed(b"[" + b"9" * 100_000 + b"]"), 400),
        (signed(rb'{"who": "\ud800"}'), 400),
        (signed(rb'{"\uDC00": 1}'), 400),
    ],
)  # fmt: skip
def test_refusals_have_the_right_status_and_write_nothing(brand: Brand, request_: Request, status: int) -> None:
    before = fingerprints(brand)
    assert brand.receive("plain", request_).status == status
    assert fingerprints(brand) == before


def test_up_to_the_limits_all_is_taken(brand: Brand) -> None:
    deep = {"type": "viewed", "who": "wecom:ann", "time": NOW, "deep": json.loads("[" * 31 + "]" * 31)}
    for request in (evolve(GOOD, now=NOW + 300), signed(json.dumps(deep).encode()), signed(b"[9223372036854775807]")):
        assert brand.receive("plain", request).status == 200
    text = "[" * 50 + '\\"' + "{" * 50
    full = json.dumps({"type": "viewed", "who": "wecom:bob", "time": NOW, "x": text, "y": "😀"}).encode()
    assert brand.receive("plain", signed(full.ljust(Webhook.limit))).status == 200
    assert len(rows(brand, "events")) == 2


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
@pytest.mark.parametrize("encoding", ["hex", "base64"])
@pytest.mark.parametrize("prefix", ["", "sha="])
def test_signatures_come_in_all_forms(
    brand: Brand, monkeypatch: pytest.MonkeyPatch, algorithm: str, encoding: str, prefix: str
) -> None:
    monkeypatch.setenv("TEA", SECRET)
    common: dict[str, Any] = {"secrets": (Secret(env="TEA"),), "algorithm": algorithm, "encoding": encoding}
    bare = Signature(**common, header="X-Hub", prefix=prefix, timestamp="")
    slack = Signature(**common, header="x-slack", prefix=prefix, timestamp="X-Time", text="v0:{timestamp}:{body}")
    with brand.store.opened() as session:
        intake = session.intake(brand.programme, now=NOW, cursor="")
        digest = prefix + hashed(b"{}", algorithm, encoding)
        request = Request(method="POST", headers={"x-hub": digest}, body=b"{}", now=NOW)
        assert bare.holds(request, intake)
        assert bare.holds(evolve(request, headers={"x-hub": digest.upper()}), intake) == (
            encoding == "hex" and not prefix
        )
        assert not bare.holds(evolve(request, headers={"x-hub": digest[:-1]}), intake)
        assert not bare.holds(evolve(request, headers={"x-hub": digest.removeprefix("sha=") + "="}), intake)
        timed = prefix + hashed(f"v0:{NOW}000:".encode() + b"{}", algorithm, encoding)
        request = evolve(request, headers={"x-slack": timed, "x-time": f"{NOW}000"})
        assert slack.holds(request, intake)
        assert not slack.holds(evolve(request, headers={"x-slack": timed, "x-time": f"{NOW}001"}), intake)


def test_eight_threads_post_the_same_four_times_each(brand: Brand) -> None:
    barrier = threading.Barrier(8)

    def send() -> list[int]:
        barrier.wait(LONG)
        return [post(brand, "shop", orders(ORDER)).status for _ in range(4)]

    with ThreadPoolExecutor(8) as pool:
        assert [one.result(LONG) for one in [pool.submit(send) for _ in range(8)]] == [[200] * 4] * 8
    assert len(rows(brand, "events")) == 1
    assert len(rows(brand, "items")) == 2
    gapless(brand)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"signature": {"secrets": []}}, "at least one secret"),
        ({"signature": {"secrets": [{"env": "A"}], "header": " "}}, "name of the header"),
        ({"signature": {"secrets": [{"env": "A"}], "text": "{body}"}}, "{timestamp} where"),
        ({"signature": {"secrets": [{"env": "A"}], "timestamp": "", "text": "{timestamp}{body}"}}, "as in '{body}'"),
        ({"types": {"a": "paid"}, "type": "paid"}, "'types' needs type"),
        ({"columns": {"sku": "a"}}, "'sku' is none of"),
        ({"defaults": {"sku": "a"}}, "'sku' is none of"),
        ({"integers": ["age"]}, "'age' is none of those given"),
        ({"lines": {"sku": "sku"}, "id": "id"}, "expected both 'lines_at'"),
        ({"lines": {"sku": "sku"}, "lines_at": "x"}, "lines need 'id'"),
        ({"lines": {"size": "sku"}, "lines_at": "x", "id": "id"}, "'size' is none of sku"),
        ({"time": ""}, "events need 'time'"),
        ({"types": {"a": "payed"}}, "payed"),
    ],
)
def test_a_mistake_in_the_config_is_told(tmp_path: Path, more: dict[str, Any], words: str) -> None:
    plain = {"use": "webhook", "signature": {"secrets": [{"env": "A"}]}, "member": "{who}", "time": "t"}
    entry = {**plain, "type": {"column": "kind"}, **more}
    with pytest.raises(ConfigError) as raised, opened(folder(tmp_path, HEAD + tomli_w.dumps({"entry": {"w": entry}}))):
        pass
    assert words in str(raised.value)


def test_it_says_whether_it_brings_members() -> None:
    signature = Signature(secrets=(Secret(env="A"),))

    def brings(**more: Any) -> object:  # noqa: ANN401 - what a webhook takes
        given = {"name": "w", "signature": signature, "member": "{m}", "time": "t", **more}
        return Webhook(**given).facts()["brings_members"]

    kind = Column(column="kind")
    assert brings(type=kind)
    assert brings(type="paid")
    assert brings(type=kind, types={"a": "viewed", "b": "ordered"})
    assert not brings(type="viewed")
    assert not brings(type=kind, types={"a": "viewed"})
