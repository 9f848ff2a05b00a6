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
from siyu_plugins.channels._tasks import BY_CORP, fits, rows, span_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from siyu_plugins._http import Client
    from siyu_plugins.channels._tasks import Task

__all__ = ["TAKEN_BACK", "Mass"]

TAKEN_BACK = "it was taken back before anybody confirmed it"

# Source: developer.work.weixin.qq.com/document/path/92135 (limits, reminders, taking back), 93338 (results)
_LARGEST = 4000
_FEW = 100
_UNCONFIRMED = 0
_SENT, _REFUSED = 1, {2: "they are no contacts any more", 3: "the member got another mass message already"}


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
        """Return what became of tasks; nothing of what nobody confirmed yet.

        A message whose task is not known, as after a time-out, is ``handed`` where WeCom has a task of its words and of
        that moment for its recipient; else nothing is said of it.

        Raises:
            PlatformError: The platform refuses, or cannot be reached.
        """
        asked = _by_task(messages, address)
        lost = [message for message in messages if not message.provider_id and message.begun]
        if not (asked or lost):
            return
        with opened(platform_of(self.corp, self.app, self.folder)) as client:
            for task, of in asked.items():
                yield from self._results(client, task, of)
            yield from self._found(client, lost, address)

    def _found(self, client: Client, lost: Sequence[Message], address: Callable[[Message], str]) -> Iterator[Receipt]:
        """Return which messages have a task, of which nobody knew."""
        if not lost:
            return
        asked = {"chat_type": self.kind, "filter_type": BY_CORP, **span_of(lost)}
        known = list(rows(client, "get_groupmsg_list_v2", "group_msg_list", asked, page=_FEW))
        left = {message.touch: message for message in lost}
        for row in known:
            task = str(row.get("msgid"))
            fitting = [one for one in left.values() if fits(row, one)]
            there = {str(each.get(self._to)) for each in _results(client, task, whole=True)} if fitting else set()
            for message in fitting:
                if self.kind == "group" or address(message) in there:
                    del left[message.touch]
                    yield Receipt(message.touch, "handed", "WeCom has its task", task)

    @property
    def _to(self) -> str:
        return "external_userid" if self.kind == "single" else "chat_id"

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
        lost = [message for message in messages if not (message.provider_id or withdraw) and message.begun]
        if not (asked or lost):
            return
        with opened(platform_of(self.corp, self.app, self.folder)) as client:
            yield from self._found(client, lost, lambda _: "")
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


def _results(client: Client, task: str, *, whole: bool = False) -> Iterator[Mapping[str, Any]]:
    """Return what became of each recipient of a task; with ``whole``, of those too that no staff member confirmed."""
    for staff in rows(client, "get_groupmsg_task", "task_list", {"msgid": task}):
        if whole or staff.get("status") != _UNCONFIRMED:
            asked = {"msgid": task, "userid": str(staff.get("userid"))}
            yield from rows(client, "get_groupmsg_send_result", "send_list", asked)
