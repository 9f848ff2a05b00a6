"""WeCom's moments of customers (客户朋友圈): staff publish a post that their contacts see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from attrs import Attribute, evolve, field, frozen

from siyu import hookimpl
from siyu.kinds import Audience, Channel, Receipt, doc
from siyu_plugins._http import opened
from siyu_plugins._platform import PlatformError
from siyu_plugins._wecom import App, platform_of
from siyu_plugins.channels._mass import TAKEN_BACK
from siyu_plugins.channels._sending import failed, states
from siyu_plugins.channels._tasks import BY_CORP, fits, rows, span_of, words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siyu.kinds import Message
    from siyu_plugins._http import Client

__all__ = ["Moments", "siyu_register_channels"]

# The limits and states are those of developer.work.weixin.qq.com/document/path/95094.
_LARGEST, _DONE, _PUBLISHED = 2000, 3, 1
_FEW = 20


@frozen(kw_only=True)
class Moments(Channel):
    """Hands posts to staff, who publish them in their moments; needs ``siyu[http]``.

    All contacts of ``staff`` can see a post, so it takes only messages to the public: what is meant for one member is
    not sent. A post is ``handed`` until somebody published it, then ``sent``. What is stopped, or over before that, is
    taken back.

    ```toml
    [channel.moments]
    use = "moments"
    corp = "ww1234567890abcdef"
    app = { secret = { env = "WECOM_SECRET" } }
    staff = ["ann", "bob"]
    ```
    """

    audience: ClassVar[Audience] = "public"
    alike: ClassVar[bool] = True
    polled: ClassVar[bool] = True

    corp: str = field(metadata=doc("the corp's id", example="ww1234567890abcdef"))
    app: App = field(metadata=doc("the app that is called; it needs the right to moments (客户联系)"))
    staff: tuple[str, ...] = field(metadata=doc("who publishes", example=["ann", "bob"]))
    folder: Path = field(metadata={**doc("the brand's folder"), "given": True})

    @staff.validator
    def _check_staff(self, _: Attribute[Any], value: tuple[str, ...]) -> None:
        if not value:
            raise ValueError("expected at least one staff member who publishes, as in ['ann']")

    def facts(self) -> Mapping[str, object]:
        """State that it posts to the public, and that Tencent keeps what it is sent in China."""
        return states("moments", "CN")

    def send(self, messages: Sequence[Message]) -> Iterable[Receipt]:
        """Make a task of each post; its job is the provider's id."""
        with opened(evolve(platform_of(self.corp, self.app, self.folder), attempts=1)) as client:
            for message in messages:
                yield self._made(client, message)

    def _made(self, client: Client, message: Message) -> Receipt:
        if message.recipient_kind == "member":
            return Receipt(message.touch, "failed", "what is meant for one member is no post")
        words = words_of(message)
        if len(words) > _LARGEST:
            return Receipt(message.touch, "failed", f"its {len(words)} characters are more than {_LARGEST}")
        body = {"text": {"content": words}, "visible_range": {"sender_list": {"user_list": list(self.staff)}}}
        try:
            answer = client.post("externalcontact/add_moment_task", body, repeat=False)
        except PlatformError as error:
            return failed(message, error)
        return Receipt(message.touch, "handed", provider_id=str(answer.get("jobid", "")))

    def look_up(self, messages: Sequence[Message]) -> Iterable[Receipt]:
        """Ask whether posts were published; of those that nobody published yet, nothing.

        One whose job is not known, as after a time-out, is known by its words and moment.
        """
        asked = [message for message in messages if message.provider_id]
        lost = [message for message in messages if not message.provider_id and message.begun]
        if asked or lost:
            with opened(platform_of(self.corp, self.app, self.folder)) as client:
                for message in asked:
                    yield from self._became(client, message)
                yield from self._found(client, lost) if lost else ()

    def _found(self, client: Client, lost: Sequence[Message]) -> Iterator[Receipt]:
        listed = {"filter_type": BY_CORP, **span_of(lost)}
        known = list(rows(client, "get_moment_list", "moment_list", listed, page=_FEW))
        for message in lost:
            made = [str(row.get("moment_id")) for row in known if fits(row, message)]
            if any(self._published(client, moment) for moment in made):
                yield Receipt(message.touch, "sent", "WeCom has its post")

    def cancel(self, messages: Sequence[Message]) -> Iterable[Receipt]:
        """Take back the posts that nobody published yet."""
        asked = [message for message in messages if message.provider_id]
        if asked:
            with opened(platform_of(self.corp, self.app, self.folder)) as client:
                for message in asked:
                    yield from self._became(client, message, withdraw=True)

    def _became(self, client: Client, message: Message, *, withdraw: bool = False) -> Iterator[Receipt]:
        job = client.get("externalcontact/get_moment_task_result", jobid=message.provider_id)
        result = job.get("result") or {}
        if job.get("status") != _DONE:
            return
        if result.get("errcode", 0) != 0:
            reason = f"WeCom made no task of it: {result.get('errcode')}: {result.get('errmsg', '')}"
            yield Receipt(message.touch, "failed", reason, message.provider_id)
            return
        moment = str(result.get("moment_id"))
        if withdraw:
            client.post("externalcontact/cancel_moment_task", {"moment_id": moment})
        if self._published(client, moment):
            yield Receipt(message.touch, "sent", provider_id=message.provider_id)
        elif withdraw:
            yield Receipt(message.touch, "cancelled", TAKEN_BACK, message.provider_id)

    @staticmethod
    def _published(client: Client, moment: str) -> bool:
        staff = rows(client, "get_moment_task", "task_list", {"moment_id": moment})
        return any(row.get("publish_status") == _PUBLISHED for row in staff)


@hookimpl
def siyu_register_channels() -> Mapping[str, type[Channel]]:
    """Bring ``moments``."""
    return {"moments": Moments}
