from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from wechatpy.utils import WeChatSigner

from siyu_plugins._tencent.signatures import signature, signed

TEXTS = st.lists(st.text(st.characters(codec="utf-8"), max_size=30), min_size=1, max_size=4)


@given(TEXTS)
def test_it_is_the_signature_that_wechatpy_makes(parts: list[str]) -> None:
    signer = WeChatSigner()
    signer.add_data(*parts)
    assert signature(*parts) == signer.signature


def test_the_example_of_the_documentation() -> None:
    # developers.weixin.qq.com/doc/subscription/guide/dev/push/encryption.html, mode plain
    assert signed("899cf89e464efb63f54ddac96b0a0a235f53aa78", ["AAAAA"], "1714037059", "486452656")


def test_any_of_the_tokens_signs() -> None:
    sign = signature("new", "1", "2")
    assert signed(sign, ["new"], "2", "1")
    assert signed(sign, ["old", "new"], "1", "2")
    assert signed(sign, ["new", "old"], "1", "2")
    assert not signed(sign, ["old"], "1", "2")
    assert not signed(sign, [], "1", "2")
    assert not signed(sign, ["new"], "1", "3")
    assert not signed(sign.upper(), ["new"], "1", "2")


@given(st.text(), st.text(), st.text())
def test_any_text_is_judged(given_: str, token: str, part: str) -> None:
    assert not signed(given_, [token], part)
