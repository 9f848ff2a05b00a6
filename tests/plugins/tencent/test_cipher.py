from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.callbacks import KEY, OLD
from wechatpy.crypto import PrpCrypto

from siyu_plugins._tencent.cipher import AesKey, Unreadable

RECEIVERS = st.text(st.characters(codec="utf-8"), max_size=40)
MESSAGES = st.text(st.characters(codec="utf-8"), max_size=300)
RAW = st.binary(min_size=32, max_size=32)


def encoded(raw: bytes) -> str:
    return base64.b64encode(raw).decode()[:43]


@given(RAW, MESSAGES, RECEIVERS)
def test_wechatpy_reads_what_it_encrypts(raw: bytes, message: str, receiver: str) -> None:
    text = AesKey.parse(encoded(raw)).encrypt(message.encode(), receiver)
    assert PrpCrypto(raw).decrypt(text, receiver) == message


@given(RAW, MESSAGES, RECEIVERS)
def test_it_reads_what_wechatpy_encrypts(raw: bytes, message: str, receiver: str) -> None:
    text = PrpCrypto(raw).encrypt(message, receiver).decode()
    assert AesKey.parse(encoded(raw)).decrypt(text) == (message.encode(), receiver.encode())


def test_the_same_message_is_encrypted_alike_and_another_unlike() -> None:
    key = AesKey.parse(KEY)
    assert key.encrypt(b"hello", "ww1") == key.encrypt(b"hello", "ww1")
    assert key.encrypt(b"hello", "ww1")[:16] != key.encrypt(b"hallo", "ww1")[:16]


@pytest.mark.parametrize("text", ["", KEY[:-1], f"{KEY}A", f"{KEY[:-1]}!", f"{KEY[:-1]}，", "x" * 1000])
def test_what_is_no_key_is_told_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError, match="43 letters and digits") as caught:
        AesKey.parse(text)
    assert not text or text not in str(caught.value)


def padded(plain: bytes) -> str:
    """Return plain bytes encrypted as they are."""
    encryptor = AesKey.parse(KEY)._cipher().encryptor()
    return base64.b64encode(encryptor.update(plain) + encryptor.finalize()).decode()


HEAD = b"\0" * 16


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not base64",
        "AAAA",
        "，" * 44,
        AesKey.parse(OLD).encrypt(b"hello", "ww1"),
        padded(HEAD + b"\0\0\0\1" + b"a" + b"\0" * 11),  # no padding
        padded(HEAD + b"\0\0\0\1" + b"a" + b"\x21" * 43),  # more padding than there may be
        padded(HEAD + b"\0\0\0\1" + b"a" + b"\1" * 9 + b"\2\3"),  # padding that differs
        padded(HEAD + b"\0\0\1\0" + b"a" + b"\x0b" * 11),  # longer than it is
        padded(HEAD + b"\xff\xff\xff\xff" + b"a" + b"\x0b" * 11),
        padded(b"\x20" * 32),  # nothing but padding
        padded(b"a" * 10 + b"\x16" * 22),  # no room for a length
    ],
)
def test_every_fault_is_the_same_refusal(text: str) -> None:
    with pytest.raises(Unreadable) as caught:
        AesKey.parse(KEY).decrypt(text)
    assert str(caught.value) == ""


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(junk: bytes) -> None:
    for text in (base64.b64encode(junk).decode(), junk.decode("latin-1"), padded(junk + bytes(-len(junk) % 32))):
        try:
            message, receiver = AesKey.parse(KEY).decrypt(text)
        except Unreadable:
            continue
        assert len(message) + len(receiver) <= len(junk)


def test_a_key_shows_nothing_of_itself() -> None:
    assert str(AesKey.parse(KEY).raw) not in repr(AesKey.parse(KEY))
