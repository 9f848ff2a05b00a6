"""Messages: here, and nowhere before, a touch becomes a row with words in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from siyu.kinds import Content, Message

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siyu.config.programme import Programme
    from siyu.kinds import ContentItem

__all__ = ["Renderer"]


class Renderer:
    """Finds the words of touches."""

    def __init__(self, programme: Programme) -> None:
        """Collect the items of all content sources."""
        self._items: dict[str, ContentItem] = {}
        for source in programme.of(Content):
            self._items |= source.items()

    def message(self, touch: Mapping[str, Any]) -> Message:
        """Return a touch as the message that a channel sends.

        Args:
            touch: Its columns, and ``address``, ``code``, ``provider_id`` and ``begun`` where there are any.
        """
        item = self._items.get(touch["content"])
        return Message(
            touch=touch["id"],
            recipient=touch["recipient"],
            recipient_kind=touch["recipient_kind"],
            sender=touch["sender"] or "",
            address=touch.get("address", ""),
            campaign=touch["campaign"],
            step=touch["step"],
            content=touch["content"],
            title=item.title if item else "",
            text=item.text if item else "",
            offer=touch["offer"] or "",
            purpose=touch["purpose"],
            code=touch.get("code", ""),
            provider_id=touch.get("provider_id", ""),
            begun=touch.get("begun", 0),
        )
