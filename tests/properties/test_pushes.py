"""Whatever is sent to an entry: it is answered 2xx or 4xx, and the log is as if only what is genuine had come."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.brands import HEAD, contents, fingerprints, folder, gapless, opened, rounds
from tests.pushes import NOW, SECRET, post, signed

from siyu import asgi
from siyu.kinds import Request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siyu.brand import Brand

SIGNATURE = 'signature = { secrets = [{ file = "secret" }] }\n'
TOML = (
    HEAD
    + f"""
[entry.webhook]
use = "webhook"
{SIGNATURE}
rows = "rows"
type = {{ column = "event" }}
id = "{{event}}/{{id}}"
member = "phone:{{who.phone}}"
time = "time"
subject = "/what"
amount = "amount"
quantity = "stay"
lines_at = "lines"
lines = {{ sku = "sku", amount = "sum" }}
[entry.mini-program]
use = "mini-program"
{SIGNATURE}
appid = "wx7"
[entry.live]
use = "live"
{SIGNATURE}
member = "openid:wx7/{{openid}}"
[entry.survey]
use = "survey"
{SIGNATURE}
member = "openid:wx7/{{openid}}"
survey = "welcome"
answers = "answers"
"""
)
EVENT = {"id": "1", "event": "viewed", "time": NOW, "openid": "oAnn", "unionid": "uAnn", "amount": "9.90"}
MESSAGES: dict[str, Any] = {
    "webhook": {
        "what": "tea",
        "rows": [
            {**EVENT, "who": {"phone": "+8613800000000"}, "event": "ordered", "lines": [{"sku": "G", "sum": 9.9}]},
            {**EVENT, "who": {"phone": 7}, "event": "joined"},
        ],
    },
    "mini-program": {"events": [EVENT, {**EVENT, "id": 2, "openid": None, "props": {"a": [1, {"b": "ü"}]}}]},
    "live": [{**EVENT, "event": "leave", "live": "L", "stay": 7}, {**EVENT, "id": "2", "event": "pay", "order": "T"}],
    "survey": {**EVENT, "answers": {"drink": ["green", "puer"], "cups": 2}},
}
ENTRIES = sorted(MESSAGES)
GENUINE = {entry: signed(json.dumps(message).encode()) for entry, message in MESSAGES.items()}

quick = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
entries = st.sampled_from(ENTRIES)
bodies = st.binary(max_size=200) | st.text(max_size=200).map(str.encode)
leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just(NOW)
names = st.sampled_from(sorted({*EVENT, "rows", "events", "who", "phone", "answers", "lines", "sku", "props", "order"}))
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names | st.text(max_size=5), inner, max_size=5),
    max_leaves=20,
)


@pytest.fixture(scope="module")
def brand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brand]:
    path = tmp_path_factory.mktemp("pushes")
    (path / "secret").write_text(SECRET, encoding="utf-8")
    with opened(folder(path, TOML)) as made:
        for entry, request in GENUINE.items():
            assert made.receive(entry, request).status == 200
        yield made


@pytest.fixture(scope="module")
def application(brand: Brand) -> asgi.Application:
    return asgi.application(brand)


@quick
@given(entry=entries, body=bodies, path=st.sampled_from(["/", "/x"]), method=st.sampled_from(["POST", "GET", "PUT"]))
def test_bytes_without_a_signature_change_nothing(
    brand: Brand, entry: str, body: bytes, path: str, method: str
) -> None:
    before = fingerprints(brand)
    answer = brand.receive(entry, Request(method=method, path=path, body=body, now=NOW))
    assert 400 <= answer.status < 500
    assert fingerprints(brand) == before


@quick
@given(
    entry=entries,
    place=st.integers(0, 2_000),
    bits=st.integers(1, 255),
    part=st.sampled_from(["body", "cut", "doubled", "x-siyu-signature", "x-siyu-timestamp", "header", "query"]),
    late=st.integers(-400, 400),
)
def test_a_mutated_request_is_refused_or_leaves_what_the_genuine_one_left(
    brand: Brand, entry: str, place: int, bits: int, part: str, late: int
) -> None:
    before, request = fingerprints(brand), GENUINE[entry]
    body, at = request.body, place % len(request.body)
    changed = {
        "body": evolve(request, body=body[:at] + bytes([body[at] ^ bits]) + body[at + 1 :]),
        "cut": evolve(request, body=body[:at]),
        "doubled": evolve(request, body=body[:at] + body),
        "header": evolve(request, headers={**request.headers, f"x-{at}": chr(bits)}),
        "query": evolve(request, query={"a": chr(bits)}),
    }
    if part in changed:
        sent = changed[part]
    else:
        text = request.headers[part]
        spot = place % len(text)
        sent = evolve(
            request, headers={**request.headers, part: text[:spot] + chr(ord(text[spot]) ^ bits) + text[spot + 1 :]}
        )
    answer = brand.receive(entry, evolve(sent, now=NOW + late))
    genuine = part in {"header", "query"} or (part == "doubled" and at == 0)
    upper = part == "x-siyu-signature" and sent.headers[part].lower() == request.headers[part]
    assert answer.status == (200 if (genuine or upper) and abs(late) <= 300 else 401)
    assert fingerprints(brand) == before


@quick
@given(entry=entries, body=bodies, value=values, plain=st.booleans())
def test_whatever_is_signed_is_taken_or_refused(brand: Brand, entry: str, body: bytes, value: Any, plain: bool) -> None:  # noqa: FBT001, ANN401 - drawn
    sent = body if plain else json.dumps(value).encode()
    before = fingerprints(brand)
    answer = brand.receive(entry, signed(sent))
    assert answer.status in {200, 400}
    once = fingerprints(brand)
    if answer.status == 400:
        assert once == before
    assert brand.receive(entry, signed(sent)).status == answer.status
    assert fingerprints(brand) == once
    gapless(brand)


@quick
@given(entry=entries, data=st.data())
def test_one_value_may_be_anything(brand: Brand, entry: str, data: st.DataObject) -> None:
    """Of the genuine message one value is another one: what is a row stays one, and all others are set apart."""
    message = json.loads(GENUINE[entry].body)
    spot = message
    while isinstance(spot, dict | list) and spot:
        keys = sorted(spot) if isinstance(spot, dict) else range(len(spot))
        key = data.draw(st.sampled_from(list(keys)))
        inner = spot[key]
        if not (isinstance(inner, dict | list) and inner) or data.draw(st.booleans()):
            spot[key] = data.draw(values)
            break
        spot = inner
    sent = json.dumps(message).encode()
    assert brand.receive(entry, signed(sent)).status in {200, 400}
    once = fingerprints(brand)
    brand.receive(entry, signed(sent))
    assert fingerprints(brand) == once


@settings(quick, max_examples=rounds(2, 40))
@given(order=st.permutations([(entry, turn) for entry in ENTRIES for turn in range(2)]), split=st.lists(st.booleans()))
def test_the_order_in_which_requests_come_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, order: list[tuple[str, int]], split: list[bool]
) -> None:
    path = tmp_path_factory.mktemp("again")
    (path / "secret").write_text(SECRET, encoding="utf-8")
    with opened(folder(path, TOML)) as first, opened(path) as second:
        for entry in ENTRIES:
            first.receive(entry, GENUINE[entry])
        for place, (entry, _) in enumerate(order):
            alone = place < len(split) and split[place] and isinstance(MESSAGES[entry], list)
            for message in MESSAGES[entry] if alone else [MESSAGES[entry]]:
                assert post(second, entry, message).status == 200
        left_out = {"runs", "configs"}
        assert contents(first, without=left_out) == contents(second, without=left_out)


@quick
@given(
    method=st.sampled_from(["GET", "HEAD", "POST", "", "BREW"]),
    path=st.sampled_from([f"/{entry}" for entry in ENTRIES]) | st.text(max_size=20),
    query=st.binary(max_size=50),
    headers=st.lists(st.tuples(st.binary(max_size=10), st.binary(max_size=10)), max_size=5),
    parts=st.lists(st.binary(max_size=50), min_size=1, max_size=4),
)
def test_no_connection_breaks_the_application(
    brand: Brand,
    application: asgi.Application,
    method: str,
    path: str,
    query: bytes,
    headers: list[tuple[bytes, bytes]],
    parts: list[bytes],
) -> None:
    before, sent, waiting = fingerprints(brand), [], deque(parts)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": waiting.popleft(), "more_body": bool(waiting)}

    async def send(message: Any) -> None:  # noqa: ANN401 - whatever the application sends
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "query_string": query, "headers": headers}
    asyncio.run(application(scope, receive, send))
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert 400 <= sent[0]["status"] < 500
    assert fingerprints(brand) == before
