"""WeCom (企业微信) as a platform that is called: its account, its token, and what its codes mean."""

from __future__ import annotations

from contextlib import AbstractContextManager
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from attrs import field, frozen

from siyu.config.units import Secret
from siyu.kinds import doc
from siyu_plugins._http import Client, opened
from siyu_plugins._platform import Platform

if TYPE_CHECKING:
    from attrs import Attribute

__all__ = ["App", "calling", "platform_of", "web_address"]

# Source: developer.work.weixin.qq.com/document/path/90313 (codes), 90454 (limits: a block lasts 60 s, or 60 min)
_STALE = frozenset({40014, 42001})
_BUSY = frozenset({-1})
_BLOCKED = frozenset({45009, 45033})
_BROKEN = frozenset({40001, 40013, 40091, 48002, 60020, 84074})
PATIENCE = (1.0, 60.0)
"""For how many seconds it is waited at first, and while one is blocked: see ``Platform``."""
_BAD_SECRET = "look whether corp and secret are those of the app"  # noqa: S105 - a hint, and no secret
_HINTS = {
    40001: _BAD_SECRET,
    40013: _BAD_SECRET,
    40091: _BAD_SECRET,
    48002: "give the app the right to call this in WeCom's console (客户联系 > API)",
    60011: "add the staff or the member to what the app may see",
    60020: "add the address of this machine to the app's trusted ones (企业可信IP)",
    81013: "none of the staff is one that the app may see",
    84061: "the staff member and the member are no contacts",
    84074: "the app may not call this for customers; add it under 客户联系 > 可调用接口的应用",
}


def web_address(_: object, __: Attribute[str], value: str) -> None:
    """Look whether a config's address is one that secrets may be sent to, as an attrs validator.

    Raises:
        ValueError: It is none, or one that everybody on the way could read along.
    """
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"expected an address, as in 'https://qyapi.weixin.qq.com', not '{value}'")
    if parts.scheme == "http" and not _here(parts.hostname):
        raise ValueError(f"expected an address with https, since secrets are sent there, not '{value}'")


def _here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


@frozen(kw_only=True)
class App:
    """The app of WeCom that is called: whose secret, and where."""

    secret: Secret = field(
        metadata=doc("where the app's secret is kept, of an app that may call this", example={"env": "WECOM_SECRET"})
    )
    base_url: str = field(
        default="https://qyapi.weixin.qq.com/cgi-bin",
        validator=web_address,
        metadata=doc("the address that all paths start from", example="https://qyapi.weixin.qq.com/cgi-bin"),
    )


def platform_of(corp: str, app: App, folder: Path) -> Platform:
    """Return WeCom as an app calls it.

    Args:
        corp: The corp's id.
        app: The app.
        folder: The brand's folder, that a secret's file starts from.

    Raises:
        UserError: The secret is not there.
    """
    query = {"corpid": corp, "corpsecret": app.secret.reveal(folder)}
    return Platform(
        name="WeCom",
        base=app.base_url,
        ask=lambda: ("gettoken", query),
        stale=_STALE,
        busy=_BUSY,
        blocked=_BLOCKED,
        broken=_BROKEN,
        hints=_HINTS,
        wait=PATIENCE[0],
        block=PATIENCE[1],
    )


def calling(corp: str, app: App, folder: Path) -> AbstractContextManager[Client]:
    """Give a client of WeCom for as long as the block lasts.

    Args:
        corp: The corp's id.
        app: The app.
        folder: The brand's folder, that a secret's file starts from.

    Raises:
        UserError: The secret is not there, or what speaks HTTP is not installed.
    """
    return opened(platform_of(corp, app, folder))
