"""The entries that WeCom calls back for a corp."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
from attrs import field, frozen

from siyu.kinds import Batch, doc
from siyu_plugins._tencent.door import Door
from siyu_plugins._tencent.envelope import document
from siyu_plugins._tencent.facts import COLUMNS
from siyu_plugins._tencent.refusal import Refusal

if TYPE_CHECKING:
    from siyu.kinds import Frame, Request
    from siyu_plugins._tencent.envelope import Lock
    from siyu_plugins._tencent.xml import Xml

__all__ = ["Corp"]


@frozen(kw_only=True)
class Corp(Door):
    """An entry of one corp; all entries of a corp share what their ids belong to, so that each callback counts once."""

    corp: str = field(metadata=doc("the corp's id, which callbacks must be for", example="ww1234567890abcdef"))

    @property
    def receiver(self) -> str:
        """The corp's id."""
        return self.corp

    def shown(self, request: Request, lock: Lock) -> bytes:
        """Return what the platform encrypted into ``echostr``."""
        return lock.opened(request, request.query.get("echostr", ""))

    def opened(self, request: Request, lock: Lock) -> Xml:
        """Return the message that is encrypted in the body."""
        encrypted = document(request.body)["Encrypt"]
        if not encrypted:
            raise Refusal(400, "the body has no Encrypt")
        return document(lock.opened(request, encrypted))

    def batch(self, facts: Frame) -> Batch:
        """Return rows of the log."""
        return Batch(rows=facts.select(*COLUMNS, source=nw.lit(f"wecom/{self.corp}")))
