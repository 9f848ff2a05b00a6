from __future__ import annotations

import re

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from tests.callbacks import CORP, KEY, NOW, OLD, TOKEN, letter
from wechatpy.crypto import WeChatCrypto

from siyu.kinds import Request
from siyu_plugins._tencent.cipher import AesKey
from siyu_plugins._tencent.envelope import Lock, document
from siyu_plugins._tencent.refusal import Refusal

LOCK = Lock(tokens=(TOKEN,), keys=(AesKey.parse(KEY),), receiver=CORP, tolerance=300)
XML = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), max_size=200)


def opened(lock: Lock, body: str, query: dict[str, str], now: int = NOW) -> bytes:
    return lock.opened(Request(method="POST", query=query, now=now), document(body.encode())["Encrypt"])


def status(lock: Lock, body: str, query: dict[str, str], now: int = NOW) -> int:
    with pytest.raises(Refusal) as caught:
        opened(lock, body, query, now)
    return caught.value.status


@given(XML)
def test_it_opens_what_wechatpy_seals(message: str) -> None:
    query, body = letter(message)
    assert opened(LOCK, body, query) == message.encode()


@given(XML, st.integers(1, 2**33), st.from_regex(r"[A-Za-z0-9<>&\]]{1,20}", fullmatch=True))
def test_wechatpy_opens_what_it_seals(message: str, at: int, nonce: str) -> None:
    sealed = LOCK.sealed(message.encode(), at, nonce).decode()
    sign = re.search(r"<MsgSignature><!\[CDATA\[(.*?)\]\]>", sealed)
    assert sign is not None
    assert WeChatCrypto(TOKEN, KEY, CORP).decrypt_message(sealed, sign[1], str(at), nonce) == message


def test_old_and_new_secrets_open_while_they_are_exchanged() -> None:
    both = evolve(LOCK, tokens=("new", TOKEN), keys=(AesKey.parse(OLD), AesKey.parse(KEY)))
    for token in ("new", TOKEN):
        for key in (OLD, KEY):
            query, body = letter("hello", token=token, key=key)
            assert opened(both, body, query) == b"hello"
    query, body = letter("hello", key=OLD)
    assert status(LOCK, body, query) == 401


def test_what_is_for_somebody_else_is_refused() -> None:
    for receiver in ("ww0000000000000000", f"{CORP}0", CORP[:-1], "", "企业"):
        query, body = letter("hello", receiver=receiver)
        assert status(LOCK, body, query) == 403


@pytest.mark.parametrize("seconds", [-301, 301, 86_400, -(2**40)])
def test_what_is_stale_is_refused(seconds: int) -> None:
    query, body = letter("hello")
    assert status(LOCK, body, query, NOW + seconds) == 401
    assert opened(LOCK, body, query, NOW + 300) == opened(LOCK, body, query, NOW - 300) == b"hello"


@pytest.mark.parametrize("written", ["", "now", "-1", "1e9", "\uff11\uff12", "²", "9" * 30, f" {NOW}"])
def test_what_is_no_moment_is_refused(written: str) -> None:
    query, body = letter("hello")
    assert status(LOCK, body, {**query, "timestamp": written}) == 401


@pytest.mark.parametrize("name", ["msg_signature", "timestamp", "nonce"])
def test_what_lacks_a_parameter_is_refused(name: str) -> None:
    query, body = letter("hello")
    del query[name]
    assert status(LOCK, body, query) == 401


def test_no_secret_is_shown() -> None:
    assert TOKEN not in repr(LOCK)
    assert repr(AesKey.parse(KEY).raw) not in repr(LOCK)
