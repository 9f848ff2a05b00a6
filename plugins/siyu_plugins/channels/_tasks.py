"""Mass messages as tasks: what is the same for many goes to a staff member as one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from attrs import frozen

from siyu.kinds import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from siyu_plugins._http import Client

__all__ = ["BY_CORP", "Task", "fits", "rows", "span_of", "tasks", "words_of"]

BY_CORP = 0
"""What WeCom calls tasks that were made by its interface or its console."""

_PAGE = 500
# How far apart the clocks may be, and how long a call may take that nobody saw the end of.
_EARLY, _LATE = 60, 600


@frozen
class Task:
    """One task: the same words by one staff member.

    Attributes:
        sender: The staff member.
        words: The words.
        of: The messages, by the platform's id of each recipient.
        chats: The groups, where one message goes to several.
    """

    sender: str
    words: str
    of: Mapping[str, Message]
    chats: tuple[str, ...] = ()

    @classmethod
    def of_groups(cls, sender: str, message: Message, chats: tuple[str, ...]) -> Task:
        """Return the task of one message to groups."""
        return cls(sender, words_of(message), {"": message}, chats)


def tasks(messages: Iterable[Message], address: Callable[[Message], str], most: int) -> list[Task]:
    """Return messages as tasks: those of one campaign, sender, content and words together, so many at most.

    A task is taken back as a whole, so it has one campaign.

    Args:
        messages: The messages, each with an address and a sender.
        address: Gives the platform's id of a recipient. Two messages to one are two tasks.
        most: How many a task may have.
    """
    found: dict[tuple[str, str, str, str], list[dict[str, Message]]] = {}
    for message in messages:
        key = (message.sender, words_of(message), message.content, message.campaign)
        groups = found.setdefault(key, [{}])
        free = (group for group in groups if len(group) < most and address(message) not in group)
        group = next(free, None)
        if group is None:
            group = {}
            groups.append(group)
        group[address(message)] = message
    return [Task(sender, words, group) for (sender, words, *_), groups in found.items() for group in groups]


def words_of(message: Message) -> str:
    """Return the words of a message, its title on the first line."""
    return "\n".join(part for part in (message.title, message.text) if part)


def span_of(messages: Sequence[Message]) -> dict[str, int]:
    """Return in which seconds the tasks of messages were made, as WeCom asks for it."""
    begun = [message.begun for message in messages]
    return {"start_time": min(begun) - _EARLY, "end_time": max(begun) + _LATE}


def fits(row: Mapping[str, Any], message: Message) -> bool:
    """Return whether a task, as WeCom lists it, can be that of a message: the same words, at that moment."""
    made, words = row.get("create_time"), (row.get("text") or {}).get("content")
    return words == words_of(message) and isinstance(made, int) and -_EARLY <= made - message.begun <= _LATE


def rows(
    client: Client, call: str, listed: str, asked: Mapping[str, object], page: int = _PAGE
) -> Iterator[Mapping[str, Any]]:
    """Return the rows of all pages of what WeCom lists.

    Raises:
        PlatformError: It refuses, or cannot be reached.
    """
    cursor = ""
    while True:
        answer = client.post(f"externalcontact/{call}", {**asked, "limit": page, "cursor": cursor})
        yield from answer.get(listed) or ()
        following = str(answer.get("next_cursor") or "")
        if not following or following == cursor:
            return
        cursor = following
