"""Messages: here, and nowhere before, a touch becomes a row with words in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from siyu.kinds import Content, Message
from siyu.rights.links import UNSUBSCRIBE, Pages

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from siyu.config.programme import Programme
    from siyu.kinds import ContentItem

__all__ = ["Renderer"]


class Renderer:
    """Finds the words of touches."""

    def __init__(self, programme: Programme, keys: Sequence[str]) -> None:
        """Collect the items of all content sources; members' links are signed with the brand's keys."""
        self._pages = Pages(programme.brand.url, keys)
        self._items: dict[str, ContentItem] = {}
        for source in programme.of(Content):
            self._items |= source.items()

    def message(self, touch: Mapping[str, Any]) -> Message:
        """Return a touch as the message that a channel sends.

        Args:
            touch: Its columns, and ``address``, ``code``, ``provider_id`` and ``begun`` where there are any.
        """
        item, member = self._items.get(touch["content"]), touch["recipient_kind"] == "member"
        page = self._pages.address(touch["recipient"], touch["channel"]) if member else ""
        return Message(
            touch=touch["id"],
            recipient=touch["recipient"],
            recipient_kind=touch["recipient_kind"],
            sender=touch["sender"] or "",
            address=touch.get("address", ""),
            campaign=touch["campaign"],
            step=touch["step"],
            content=touch["content"],
            title=item.title.replace(UNSUBSCRIBE, page) if item else "",
            text=item.text.replace(UNSUBSCRIBE, page) if item else "",
            offer=touch["offer"] or "",
            purpose=touch["purpose"],
            code=touch.get("code", ""),
            provider_id=touch.get("provider_id", ""),
            begun=touch.get("begun", 0),
            unsubscribe=page,
        )
