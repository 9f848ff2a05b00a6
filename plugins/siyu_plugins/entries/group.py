"""Groups of customers (客户群): who comes and goes, what is written in them, and who checks in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import narwhals as nw
from attrs import Attribute, evolve, field, frozen

from siyu import hookimpl
from siyu.kinds import doc
from siyu_plugins._tencent.chats import chat
from siyu_plugins._tencent.corp import Corp
from siyu_plugins._tencent.facts import EXTERNAL, framed
from siyu_plugins._tencent.topics import CheckIn, Topic, checked_in, topical
from siyu_plugins.entries.files import Files

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from siyu.kinds import Batch, Entry, Frame, Intake
    from siyu_plugins._tencent.xml import Xml

__all__ = ["Group", "siyu_register_entries"]

_TYPES = {"messages": "messaged", "joins": "group_joined", "leaves": "group_left"}
# A text in the archive of chats is an object of its own, {"content": "…"}; other forms have none.
_WRAPPED = r'^\{"content":\s*"|"\s*\}$'


@frozen(kw_only=True)
class Group(Corp):
    """Takes what happens in WeCom's groups of customers, from callbacks and from exported files.

    Callbacks (`change_external_chat`) bring `group_joined` and `group_left` of outside people, and `group_changed` of
    the group, whose identity is `wecom-group:ID`: the subject is `created`, `dismissed`, `owner`, `name` or `notice`.
    Where the entry `wecom` of the same corp takes the app's callbacks, this one needs no `tokens`. WeCom calls back
    no messages of groups: they come from files, as the archive of chats (会话内容存档) or another tool exports them.

    A message makes an event `messaged`, whose subject is the topic and whose ref is the group, and, where it has the
    words, one event `checked_in` too. Rows without a group are no messages of a group and are left out, and so are
    those of staff, whose ids are not those of outside people.

    The columns are by default those of the archive of chats, in JSON Lines.

    ```toml
    [entry.groups]
    use = "group"
    corp = "ww1234567890abcdef"
    files = ["groups/*.jsonl"]
    topics = [{ topic = "price", matches = "多少钱|优惠" }]
    checkins = [{ matches = "打卡", challenge = "21-days" }]
    ```
    """

    files: tuple[str, ...] = field(
        default=(), metadata=doc("exported files: paths or globs from the brand's folder", example=["groups/*.jsonl"])
    )
    holds: Literal["messages", "joins", "leaves"] = field(default="messages", metadata=doc("what the files' rows are"))
    id: str = field(default="msgid", metadata=doc("the column of the row's id there; empty where there is none"))
    member: str = field(
        default="wecom:{from}", metadata=doc("the member's identity, a template", example="wecom:{userid}")
    )
    group: str = field(default="roomid", metadata=doc("the column of the group's id", example="chat_id"))
    time: str = field(default="msgtime", metadata=doc("the column of the moment", example="join_time"))
    text: str = field(default="text", metadata=doc("the column of what was written", example="content"))
    topics: tuple[Topic, ...] = field(
        default=(), metadata=doc("the topics of messages; the first that fits becomes the event's subject")
    )
    checkins: tuple[CheckIn, ...] = field(default=(), metadata=doc("the words by which members check in"))

    @files.validator
    def _check_files(self, _: Attribute[Any], value: tuple[str, ...]) -> None:
        if not all(value):
            raise ValueError('expected paths or globs, as in ["groups/*.jsonl"]')

    @text.validator
    def _check_text(self, _: Attribute[Any], value: str) -> None:
        if not value and self.holds == "messages":
            raise ValueError("messages need the column of what was written, as in 'content'")

    def read(self, intake: Intake) -> Iterable[Batch]:
        """Read the exported files that are new or changed; the cursor is that of the entry ``files``.

        Raises:
            UserError: A file cannot be opened, or lacks a column.
        """
        if not self.files:
            return
        for batch in self._files.read(intake):
            yield evolve(batch, rows=self._rows(intake, batch.rows))

    def taken(self, message: Xml, intake: Intake) -> tuple[Batch, ...]:
        """Return what a message says of a group."""
        facts = chat(message) if message["Event"] == "change_external_chat" else []
        return (self.batch(framed(intake, facts)),) if facts else ()

    @property
    def _files(self) -> Files:
        return Files(
            name=self.name,
            files=self.files,
            type=_TYPES[self.holds],
            source=f"wecom/{self.corp}",
            id=self.id,
            member=self.member,
            time=self.time,
            subject=self.group,
            # No message is written at a place, so the words travel there.
            place=self.text if self.holds == "messages" else "",
        )

    def _rows(self, intake: Intake, read: Frame) -> Frame:
        outside = ~nw.col("identity").str.starts_with("wecom:") | nw.col("identity").str.contains(f"^wecom:{EXTERNAL}$")
        kept = read.filter(outside, ~nw.col("subject").is_null())
        if self.holds != "messages":
            return kept
        text = nw.col("place").str.replace_all(_WRAPPED, "")
        messages = intake.keep(kept.with_columns(text=text, ref=nw.col("subject"), place=nw.lit(None, nw.String())))
        told = nw.concat([topical(messages, self.topics), *checked_in(messages, self.checkins)])
        packed = intake.pack(told, {"text": "text"}, "props")
        return packed.drop("text")


@hookimpl
def siyu_register_entries() -> Mapping[str, type[Entry]]:
    """Bring ``group``."""
    return {"group": Group}
