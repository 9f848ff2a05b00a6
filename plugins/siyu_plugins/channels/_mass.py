"""Mass messages of WeCom (群发): a task for a staff member, who has to confirm it; and what became of one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from siyu.kinds import Message, Receipt
from siyu_plugins._http import opened
from siyu_plugins._platform import PlatformError
from siyu_plugins._wecom import App, platform_of
from siyu_plugins.channels._sending import failed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from siyu_plugins._http import Client

__all__ = ["TAKEN_BACK", "Mass", "Task", "tasks", "words_of"]

TAKEN_BACK = "it was taken back before anybody confirmed it"

# Source: developer.work.weixin.qq.com/document/path/92135 (limits, reminders, taking back), 93338 (results)
_LARGEST = 4000
_PAGE = 500
_UNCONFIRMED = 0
_SENT, _REFUSED = 1, {2: "they are no contacts any more", 3: "the member got another mass message already"}


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


@frozen
class Mass:
    """How a channel makes tasks, and asks what became of them.

    Attributes:
        corp: The corp's id.
        app: The app that is called.
        folder: The brand's folder.
        kind: Who is meant: ``single`` for members, ``group`` for groups.
    """

    corp: str
    app: App
    folder: Path
    kind: str

    def made(self, found: Sequence[Task]) -> Iterator[Receipt]:
        """Make tasks; each message of one is ``handed``, since the staff member still has to confirm it."""
        # Whoever drives the channel waits and tries again, and knows when it must not.
        platform = evolve(platform_of(self.corp, self.app, self.folder), attempts=1)
        with opened(platform) as client:
            for task in found:
                yield from self._made(client, task)

    def _made(self, client: Client, task: Task) -> Iterator[Receipt]:
        size = len(task.words.encode())
        if size > _LARGEST:
            reason = f"its {size} bytes are more than the {_LARGEST} that WeCom takes"
            yield from (Receipt(one.touch, "failed", reason) for one in task.of.values())
            return
        try:
            answer = client.post("externalcontact/add_msg_template", self._body(task), repeat=False)
        except PlatformError as error:
            yield from (failed(one, error) for one in task.of.values())
            return
        refused = set(answer.get("fail_list") or ())
        if task.chats and refused.issuperset(task.chats):
            refused = {""}
        for address, message in task.of.items():
            if address in refused:
                yield Receipt(message.touch, "failed", "WeCom cannot send to them: no contact, or a limit is reached")
            else:
                yield Receipt(message.touch, "handed", provider_id=str(answer.get("msgid", "")))

    def _body(self, task: Task) -> dict[str, Any]:
        to = "external_userid" if self.kind == "single" else "chat_id_list"
        return {
            "chat_type": self.kind,
            to: list(task.chats or task.of),
            "sender": task.sender,
            "text": {"content": task.words},
        }

    def became(self, messages: Sequence[Message], address: Callable[[Message], str]) -> Iterator[Receipt]:
        """Return what became of tasks; nothing of what nobody confirmed yet, or whose task's id is not known.

        Raises:
            PlatformError: The platform refuses, or cannot be reached.
        """
        asked = _by_task(messages, address)
        if not asked:
            return
        with opened(platform_of(self.corp, self.app, self.folder)) as client:
            for task, of in asked.items():
                yield from self._results(client, task, of)

    def withdrawn(self, messages: Sequence[Message], address: Callable[[Message], str]) -> Iterator[Receipt]:
        """Take tasks back that nobody confirmed yet; return what became of each message.

        Raises:
            PlatformError: As for ``became``.
        """
        asked = _by_task(messages, address)
        if not asked:
            return
        with opened(platform_of(self.corp, self.app, self.folder)) as client:
            for task, of in asked.items():
                taken = _taken_back(client, task)
                known = {one.touch: one for one in self._results(client, task, of)}
                for message in of.values():
                    if message.touch in known:
                        yield known[message.touch]
                    elif taken:
                        yield Receipt(message.touch, "cancelled", TAKEN_BACK, task)

    def remind(self, tasks: Sequence[str]) -> None:
        """Remind the staff members who did not confirm tasks yet.

        Raises:
            PlatformError: The platform refuses one, or cannot be reached; the others are reminded all the same.
        """
        failures = []
        with opened(evolve(platform_of(self.corp, self.app, self.folder), attempts=1)) as client:
            for task in tasks:
                try:
                    client.post("externalcontact/remind_groupmsg_send", {"msgid": task}, repeat=False)
                except PlatformError as error:
                    failures.append(error)
        if failures:
            raise failures[0]

    def reached(self, messages: Sequence[Message], *, withdraw: bool = False) -> Iterator[Receipt]:
        """Return which messages to groups reached one of them, or can reach none any more.

        Args:
            messages: The messages.
            withdraw: Whether to take back those that nobody confirmed yet.

        Raises:
            PlatformError: The platform refuses, or cannot be reached.
        """
        asked = [message for message in messages if message.provider_id]
        if not asked:
            return
        with opened(platform_of(self.corp, self.app, self.folder)) as client:
            for message in asked:
                taken = withdraw and _taken_back(client, message.provider_id)
                found = {row.get("status") for row in _results(client, message.provider_id)}
                if _SENT in found:
                    yield Receipt(message.touch, "sent", provider_id=message.provider_id)
                elif found and found <= set(_REFUSED):
                    yield Receipt(message.touch, "failed", "it reached none of the groups", message.provider_id)
                elif taken:
                    yield Receipt(message.touch, "cancelled", TAKEN_BACK, message.provider_id)

    def _results(self, client: Client, task: str, of: Mapping[str, Message]) -> Iterator[Receipt]:
        for row in _results(client, task):
            message, status = of.get(str(row.get("external_userid"))), row.get("status")
            if message is not None and status == _SENT:
                yield Receipt(message.touch, "sent", provider_id=task)
            elif message is not None and status in _REFUSED:
                yield Receipt(message.touch, "failed", _REFUSED[status], task)


def _by_task(messages: Iterable[Message], address: Callable[[Message], str]) -> dict[str, dict[str, Message]]:
    """Return messages by the platform's id of each recipient, for each task."""
    found: dict[str, dict[str, Message]] = {}
    for message in messages:
        if message.provider_id:
            found.setdefault(message.provider_id, {})[address(message)] = message
    return found


def _taken_back(client: Client, task: str) -> bool:
    """Take a task back; return whether WeCom says that nobody can confirm it any more."""
    try:
        client.post("externalcontact/cancel_groupmsg_send", {"msgid": task})
    except PlatformError as error:
        if error.fate != "final":
            raise
        return False
    return True


def _results(client: Client, task: str) -> Iterator[Mapping[str, Any]]:
    """Return what became of each recipient of a task, as far as its staff members confirmed it."""
    for staff in _rows(client, "get_groupmsg_task", "task_list", {"msgid": task}):
        if staff.get("status") != _UNCONFIRMED:
            asked = {"msgid": task, "userid": str(staff.get("userid"))}
            yield from _rows(client, "get_groupmsg_send_result", "send_list", asked)


def _rows(client: Client, call: str, listed: str, asked: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    """Return the rows of all pages."""
    cursor = ""
    while True:
        answer = client.post(f"externalcontact/{call}", {**asked, "limit": _PAGE, "cursor": cursor})
        yield from answer.get(listed) or ()
        following = str(answer.get("next_cursor") or "")
        if not following or following == cursor:
            return
        cursor = following
