"""Work lists for staff: who is to be called or written to by hand, with what to say."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from attrs import Attribute, field, frozen

from siyu import hookimpl
from siyu.kinds import Channel, Receipt, doc
from siyu_plugins.channels._files import put

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siyu.kinds import Message

__all__ = ["StaffTask", "siyu_register_channels"]

_COLUMNS = ("touch", "staff", "member", "campaign", "step", "title", "script", "offer", "result", "at")
_PLAIN = re.compile(r"[^\w.-]+")
# What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@frozen(kw_only=True)
class StaffTask(Channel):
    """Writes a work list for each staff member, who does the touching; each message is ``handed``.

    A list has touch, staff, member, campaign, step, title, script and offer, and empty columns for the answer: result,
    and at, when. Filled in, an entry ``files`` takes it back as events, whose ``ref`` is the touch:

    ```toml
    [channel.calls]
    use = "staff-task"
    to = "phone"
    path = "work"

    [entry.calls]
    use = "files"
    files = ["reports/*.csv"]
    member = "phone:{member}"
    type = { column = "result" }
    time = "at"
    staff = "staff"
    ref = "touch"
    ```

    A list appears whole or not at all, and its name follows from its touches, so that one that is written again
    replaces itself.
    """

    polled: ClassVar[bool] = False

    environment: str = field(default="", metadata=doc("it reaches nobody by itself, so every environment may use it"))
    to: str = field(
        default="phone", metadata=doc("the kind of outside id that staff reach members by", example="wecom")
    )
    path: str = field(default="work", metadata=doc("the folder of the lists, relative to the brand's", example="work"))
    form: Literal["csv", "json"] = field(default="csv", metadata=doc("how a list is written"))
    staff: str = field(default="", metadata=doc("who does what names nobody; a list named 'anybody' by default"))
    folder: Path = field(metadata={**doc("the brand's folder"), "given": True})

    @path.validator
    def _check_path(self, _: Attribute[str], value: str) -> None:
        if not value.strip():
            raise ValueError("expected a folder for the lists, as in 'work'")

    @property
    def address(self) -> str:  # type: ignore[override]  # each config has another, and nobody sets it later
        """The kind of outside id that it lists."""
        return self.to

    def send(self, messages: Sequence[Message]) -> Iterable[Receipt]:
        """Write a list for each staff member; its messages are ``handed``, or ``failed`` where it cannot be written."""
        lists: dict[str, list[Message]] = {}
        for message in messages:
            lists.setdefault(message.sender or self.staff or "anybody", []).append(message)
        for staff, of in sorted(lists.items()):
            yield from self._written(staff, of)

    def _written(self, staff: str, messages: Sequence[Message]) -> Iterable[Receipt]:
        rows = [_row(staff, message) for message in messages]
        name = f"{_PLAIN.sub('_', staff)}-{_digest(staff, messages)}.{self.form}"
        target = self.folder / self.path / name
        try:
            put(target, _csv(rows) if self.form == "csv" else json.dumps(rows, ensure_ascii=False, indent=1) + "\n")
        except OSError as error:
            reason = f"cannot write {target}: {error.strerror}"
            return [Receipt(message.touch, "failed", reason, again="broken") for message in messages]
        return [Receipt(message.touch, "handed", provider_id=name) for message in messages]


def _row(staff: str, message: Message) -> dict[str, str]:
    return dict(
        zip(
            _COLUMNS,
            (
                message.key,
                staff,
                message.address,
                message.campaign,
                message.step,
                message.title,
                message.text,
                message.offer,
                "",
                "",
            ),
            strict=True,
        )
    )


def _csv(rows: Sequence[Mapping[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _told(name, value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def _told(column: str, value: str) -> str:
    """Return a cell that no spreadsheet computes; a phone number keeps its plus, which is no formula by itself."""
    number = column == "member" and value[1:].isdigit()
    return f"'{value}" if value.startswith(_FORMULA) and not number and column != "touch" else value


def _digest(staff: str, messages: Sequence[Message]) -> str:
    touches = ",".join(sorted(message.key for message in messages))
    return sha256(f"{staff}:{touches}".encode()).hexdigest()[:16]


@hookimpl
def siyu_register_channels() -> Mapping[str, type[Channel]]:
    """Bring ``staff-task``."""
    return {"staff-task": StaffTask}
