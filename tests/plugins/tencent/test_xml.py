from __future__ import annotations

from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu_plugins._tencent.xml import Malformed, parsed

BOMB = """<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY lol "lol">{}]>
<xml><ToUserName>&lol9;</ToUserName></xml>
""".format("".join(f'<!ENTITY lol{n} "{f"&lol{n - 1};" * 10}">' for n in range(1, 10)))
# What XML may hold: no control characters, surrogates or non-characters, and line ends are made one.
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), max_size=40)


def test_texts_are_found_by_their_path() -> None:
    found = parsed(
        b"<xml><A><![CDATA[one & two]]></A><B>&#20320;&amp;</B><C>1</C><C>2</C>"
        b"<List><Item>x</Item><Item> y </Item></List><Empty/></xml>"
    )
    assert (found["A"], found["B"], found["C"], found.all("C")) == ("one & two", "你&", "1", ("1", "2"))
    assert found.all("List/Item") == ("x", "y")
    assert (found["Empty"], found["missing"], found.all("missing")) == ("", "", ())


@given(TEXT)
def test_any_text_comes_back(text: str) -> None:
    assert parsed(f"<xml><A>{escape(text)}</A></xml>".encode())["A"] == text.strip()


@pytest.mark.parametrize(
    "document",
    [
        BOMB,
        "",
        "hello",
        "<xml>",
        "<xml/><xml/>",
        "<xml>&nbsp;</xml>",
        "<!DOCTYPE xml><xml/>",
        '<!DOCTYPE xml SYSTEM "http://127.0.0.1/x.dtd"><xml/>',
        '<!DOCTYPE xml [<!ENTITY x SYSTEM "file:///etc/passwd">]><xml>&x;</xml>',
        '<!DOCTYPE xml [<!ENTITY % x "y">]><xml/>',
        '<?xml-stylesheet href="x"?><xml/>',
        "<xml>" + "<a>" * 6 + "</a>" * 6 + "</xml>",
        "<xml>" + "<a/>" * 2_001 + "</xml>",
        "<a>" * 100_000,
    ],
)
def test_what_is_dangerous_or_no_xml_is_refused(document: str) -> None:
    with pytest.raises(Malformed):
        parsed(document.encode())


def test_a_document_does_not_choose_its_encoding() -> None:
    # In UTF-7 these bytes would be an element of its own.
    told = parsed(b'<?xml version="1.0" encoding="utf-7"?><xml><A>+ADw-B+AD4-</A></xml>')
    assert told["A"] == "+ADw-B+AD4-"


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(junk: bytes) -> None:
    for document in (junk, b"<xml><A>" + junk + b"</A></xml>"):
        try:
            parsed(document)
        except Malformed:
            continue
