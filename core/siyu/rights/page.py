"""The page on which a member says what they want: by channel and purpose, in their language, without a script."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from attrs import frozen

from siyu.kinds import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from siyu.kinds import Request

__all__ = ["ALL", "PURPOSES", "Choice", "asked", "drawn", "refused"]

ALL = "*"
"""The channel that stands for all of them."""

PURPOSES = ("marketing", "service")
_HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
}
_STYLE = "body{font:16px sans-serif;max-width:40em;margin:2em auto;padding:0 1em}td{padding:.4em 1em .4em 0}"
_WORDS = {
    "en": {
        "title": "What {brand} may send you",
        "marketing": "offers and news",
        "service": "messages about your orders and account",
        ALL: "all channels",
        "granted": "you get these",
        "withdrawn": "you do not get these",
        "unknown": "you have not said",
        "yes": "send me these",
        "no": "stop these",
        "done": "It is noted, and holds from now on.",
        "refused": "This link is not valid. Please use the newest one that you got.",
    },
    "zh": {
        "title": "{brand}可以给您发送什么",
        "marketing": "优惠与资讯",
        "service": "订单与账户通知",
        ALL: "全部渠道",
        "granted": "您会收到",
        "withdrawn": "您不会收到",
        "unknown": "您尚未选择",
        "yes": "接收",
        "no": "退订",
        "done": "已记录,立即生效。",
        "refused": "此链接无效,请使用您最近收到的链接。",
    },
}


@frozen
class Choice:
    """What a member says: of which channel, which purpose, and whether it is ``granted`` or ``withdrawn``."""

    channel: str
    purpose: str
    state: str
    proof: str


def asked(request: Request, channels: Sequence[str]) -> Choice | None:
    """Return what a POST says; None where it says nothing that can be done.

    ``List-Unsubscribe=One-Click`` (RFC 8058), as a form or in parts, withdraws marketing: of the channel that the
    link's query names, else of all.
    """
    known = {ALL, *channels}
    if b"List-Unsubscribe" in request.body and b"One-Click" in request.body:
        channel = request.query.get("channel", ALL)
        return Choice(channel if channel in known else ALL, "marketing", "withdrawn", "one-click POST")
    form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
    channel, purpose, state = (form.get(name, "") for name in ("channel", "purpose", "state"))
    if channel not in known or purpose not in PURPOSES or state not in {"granted", "withdrawn"}:
        return None
    return Choice(channel, purpose, state, "preference page")


def drawn(
    request: Request,
    brand: str,
    language: str,
    channels: Sequence[str],
    states: Mapping[tuple[str, str], str],
    *,
    done: bool,
) -> Answer:
    """Return the page: one row for each channel and purpose, with what holds now and a button for the contrary."""
    tongue = _tongue(request, language)
    words = _WORDS[tongue]
    title = escape(words["title"].format(brand=brand))
    rows = "".join(_row(words, tongue, one, purpose, states) for one in (ALL, *channels) for purpose in PURPOSES)
    note = f"<p><strong>{words['done']}</strong></p>" if done else ""
    return _page(tongue, title, f"<h1>{title}</h1>{note}<table>{rows}</table>", 200)


def refused(request: Request, language: str) -> Answer:
    """Return the page for a link that was not made here."""
    tongue = _tongue(request, language)
    return _page(tongue, "siyu", f"<p>{_WORDS[tongue]['refused']}</p>", 404)


def _row(
    words: Mapping[str, str], tongue: str, channel: str, purpose: str, states: Mapping[tuple[str, str], str]
) -> str:
    state = states.get((channel, purpose), "unknown")
    buttons = "".join(_button(words, tongue, channel, purpose, to) for to in ("granted", "withdrawn") if to != state)
    named = words[ALL] if channel == ALL else escape(channel)
    return f"<tr><td>{named}: {words[purpose]}</td><td>{words[state]}</td><td>{buttons}</td></tr>"


def _button(words: Mapping[str, str], tongue: str, channel: str, purpose: str, to: str) -> str:
    fields = {"channel": channel, "purpose": purpose, "state": to}
    hidden = "".join(f'<input type="hidden" name="{key}" value="{escape(one)}">' for key, one in fields.items())
    said = words["yes" if to == "granted" else "no"]
    return f'<form method="post" action="?lang={tongue}">{hidden}<button>{said}</button></form>'


def _tongue(request: Request, language: str) -> str:
    """Return the language: as the link says, else as the browser asks, else as the brand does."""
    wishes = [request.query.get("lang", ""), request.headers.get("accept-language", ""), language]
    return next((wish[:2].lower() for wish in wishes if wish[:2].lower() in _WORDS), "en")


def _page(tongue: str, title: str, body: str, status: int) -> Answer:
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>'
    text = f'<!doctype html><html lang="{tongue}"><head>{head}<style>{_STYLE}</style></head><body>{body}</body></html>'
    return Answer(status=status, headers=_HEADERS, body=text.encode())
