"""WeChat (微信) as a platform that is called for an official account or a mini program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

from siyu.config.units import Secret
from siyu.kinds import doc
from siyu_plugins._platform import Platform
from siyu_plugins._wecom import PATIENCE, web_address

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Account", "wechat"]

# Source: developers.weixin.qq.com/doc/offiaccount/Getting_Started/Global_Return_Code.html. Unlike WeCom's, 40001 also
# says that a token holds no more.
_STALE = frozenset({40001, 40014, 42001})
_BUSY = frozenset({-1})
_BLOCKED = frozenset({45009, 45011})
_BROKEN = frozenset({40013, 40037, 40125, 40164, 48001, 50002, 61004})
_HINTS = {
    40001: "look whether appid and secret are those of the account",
    40003: "it is no openid of this account",
    40037: "look whether the template is one of this account",
    40125: "look whether appid and secret are those of the account",
    40164: "add the address of this machine to the account's trusted ones (IP白名单)",
    43004: "the member does not follow the account",
    43101: "the member refused, or the consents that they gave are used up",
    45009: "the day's calls are used up",
    45015: "the window of customer service is closed; it opens with what the member does",
    45047: "no further message fits into this window",
    47003: "look whether the fields are those of the template",
    48001: "the account has no right to call this",
}


@frozen(kw_only=True)
class Account:
    """The account that is called: whose secret, and where."""

    appid: str = field(metadata=doc("the account's app id", example="wx0123456789abcdef"))
    secret: Secret = field(metadata=doc("where the account's secret is kept", example={"env": "WECHAT_SECRET"}))
    base_url: str = field(
        default="https://api.weixin.qq.com/cgi-bin",
        validator=web_address,
        metadata=doc("the address that all paths start from", example="https://api.weixin.qq.com/cgi-bin"),
    )


def wechat(account: Account, folder: Path) -> Platform:
    """Return WeChat as an account calls it.

    Args:
        account: The account.
        folder: The brand's folder, that a secret's file starts from.

    Raises:
        UserError: The secret is not there.
    """
    secret = account.secret.reveal(folder)
    asked = {"grant_type": "client_credential", "appid": account.appid, "secret": secret}
    return Platform(
        name="WeChat",
        base=account.base_url,
        # One that others may ask for too, without making each other's token invalid.
        ask=lambda: ("stable_token", asked),
        tells=True,
        stale=_STALE,
        busy=_BUSY,
        blocked=_BLOCKED,
        broken=_BROKEN,
        hints=_HINTS,
        wait=PATIENCE[0],
        block=PATIENCE[1],
    )
