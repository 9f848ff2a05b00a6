"""Reports on mail: which did not arrive, and whom it annoyed, read from a mailbox."""

from __future__ import annotations

import json
import mailbox
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import narwhals as nw
from attrs import Attribute, field, frozen

from siyu import hookimpl
from siyu.errors import UserError
from siyu.kinds import Batch, Entry, doc
from siyu_plugins.entries._reports import Report, reports

if TYPE_CHECKING:
    from siyu.kinds import Frame, Intake

__all__ = ["Bounces", "siyu_register_entries"]

_TEXTS = ("type", "source_id", "ref", "props")
_SCHEMA = {**dict.fromkeys(_TEXTS, nw.String()), "touch": nw.Int64(), "time": nw.Datetime("us")}
_REJECTED = {"source": nw.String(), "line": nw.Int64(), "reason": nw.String(), "raw": nw.String()}
_TYPES = {"failed": ("bounced",), "delayed": ("bounced",), "delivered": ("delivered",)}
_ANNOYED = ("reported", "unsubscribed")


@frozen(kw_only=True)
class Bounces(Entry):
    """Reads the reports that mail servers and providers send back, and knows the touch of each by its mail's id.

    Let mail to the sender's address be delivered to a mailbox on this machine: a Maildir, a folder of files with one
    mail each, or a file of the form mbox.

    | report | events |
    |---|---|
    | not delivered (RFC 3464), a status of ``hard`` | `bounced`, `kind` hard: the address is used no more |
    | not delivered for another reason, or delayed | `bounced`, `kind` soft |
    | delivered, where the server tells | `delivered` |
    | complaint (RFC 5965): abuse, fraud or opt-out | `reported`, and `unsubscribed` from the channel |

    After a hard bounce nothing more is sent to the addresses of that kind that were known of the member when the mail
    went out; one that is handed in later is used. Reports that name no mail of ours go to `rejects`, and other mail is
    left alone. A report counts once, however often it is read.

    ```toml
    [entry.bounces]
    use = "bounces"
    path = "mail/bounces"
    ```
    """

    path: Path = field(
        metadata=doc("the Maildir, folder or mbox file, relative to the brand's folder", example="mail/bounces")
    )
    hard: tuple[str, ...] = field(
        default=("5.1.", "5.2.1"),
        metadata=doc("how the statuses (RFC 3463) begin that say that the address is of no use"),
    )

    @hard.validator
    def _check_hard(self, _: Attribute[Any], value: tuple[str, ...]) -> None:
        for one in value:
            if not one.startswith("5."):
                raise ValueError(f"expected how statuses of lasting failures begin, as in '5.1.', not '{one}'")

    def read(self, intake: Intake) -> Iterable[Batch]:
        """Read the mails that came since the last time; the cursor is the newest one's moment.

        Raises:
            UserError: There is no such mailbox.
        """
        since = float(intake.cursor or 0)
        newest, found = since, []
        for moment, content in _mails(intake.folder / self.path, since):
            newest = max(newest, moment)
            found += [(report, moment) for report in reports(content)]
        if newest == since and not found:
            return
        rows = intake.keep(self._rows(intake, found))
        known = rows.filter(~nw.col("member").is_null()).drop("touch")
        yield Batch(rows=known, rejects=_strange(rows), cursor=repr(newest))

    def _rows(self, intake: Intake, found: list[tuple[Report, float]]) -> Frame:
        """Return the events of reports, with the member and the channel of their touch, null where it is not known."""
        told = [(report, kind, moment) for report, moment in found for kind in _TYPES.get(report.what, _ANNOYED)]
        columns: dict[str, list[Any]] = {
            "type": [kind for _, kind, _ in told],
            "source_id": [f"{report.id} {kind}" for report, kind, _ in told],
            "ref": [str(report.touch) for report, *_ in told],
            "props": [self._props(report, kind) for report, kind, _ in told],
            "touch": [report.touch for report, *_ in told],
            "time": [_time(report, moment) for report, _, moment in told],
        }
        frame = intake.frame({name: columns[name] for name in _SCHEMA}, _SCHEMA)
        touches = intake.view.touches.select(touch=nw.col("id"), member=nw.col("recipient"), subject=nw.col("channel"))
        return frame.join(touches, on="touch", how="left").with_columns(source=nw.lit(self.name))

    def _props(self, report: Report, kind: str) -> str | None:
        if kind == "reported":
            return json.dumps({"kind": report.kind})
        if kind != "bounced":
            return None
        hard = report.what == "failed" and report.status.startswith(self.hard)
        told = {"kind": "hard" if hard else "soft", "status": report.status}
        return json.dumps({name: value for name, value in told.items() if value})


def _time(report: Report, moment: float) -> datetime:
    second = int(moment) if report.second is None else report.second
    return datetime.fromtimestamp(second, UTC).replace(tzinfo=None)


def _strange(rows: Frame) -> Frame:
    """Return the reports on mail that nobody knows, as rejects: each once, and nothing of what they say."""
    unknown = rows.filter(nw.col("member").is_null()).select("source", "ref").unique()
    reason = nw.concat_str(nw.lit("the report is on no mail that was sent: touch "), nw.col("ref"))
    return unknown.select("source", line=nw.lit(None, nw.Int64()), reason=reason, raw=nw.lit(None, nw.String()))


def _mails(place: Path, since: float) -> Iterator[tuple[float, bytes]]:
    """Return the mails of a mailbox that came at a moment or after it, and when each came.

    What counts is when the file came to this machine, or was changed here, which no copied date hides.

    Raises:
        UserError: There is none.
    """
    if place.is_dir():
        folders = [place / name for name in ("new", "cur")] if (place / "cur").is_dir() else [place]
        files = sorted(path for folder in folders if folder.is_dir() for path in folder.iterdir() if path.is_file())
        stamped = ((path.stat().st_ctime, path) for path in files if not path.name.startswith("."))
        yield from ((moment, path.read_bytes()) for moment, path in stamped if moment >= since)
    elif place.is_file():
        moment = place.stat().st_ctime
        if moment >= since:
            box = mailbox.mbox(place, create=False)
            try:
                yield from ((moment, box.get_bytes(key)) for key in box.iterkeys())
            finally:
                box.close()
    else:
        raise UserError(f"there is no mailbox {place}: make a Maildir or a folder there, or name another path")


@hookimpl
def siyu_register_entries() -> Mapping[str, type[Entry]]:
    """Bring ``bounces``."""
    return {"bounces": Bounces}
