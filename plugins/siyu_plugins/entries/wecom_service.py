"""WeCom's customer service (微信客服): what members write there, and how long they wait for an answer."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import narwhals as nw
from attrs import Attribute, field, frozen

from siyu import hookimpl
from siyu.frames import row_number
from siyu.kinds import Batch, Entry, doc
from siyu_plugins._wecom import App, calling
from siyu_plugins.entries._wecom_days import begin
from siyu_plugins.entries._wecom_rows import events, framed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from narwhals.dtypes import DType

    from siyu.kinds import Frame, Intake
    from siyu.view import View
    from siyu_plugins._http import Client

__all__ = ["WecomService", "siyu_register_entries"]

_PAGE = 1000
_FROM_MEMBER, _FROM_STAFF = 3, 5
# What a change of a talk is. Source: developer.work.weixin.qq.com/document/path/94670
_CHANGES = {1: "taken", 2: "passed", 3: "ended", 4: "resumed"}
_TALK = ["member", "account"]
_ROW: dict[str, DType] = {
    **dict.fromkeys(("id", "identity", "account", "staff", "kind", "subject", "form", "text"), nw.String()),
    "second": nw.Int64(),
}


@frozen(kw_only=True)
class WecomService(Entry):
    """Reads the messages of WeCom's customer service: `messaged`, `responded` and `session_changed`.

    What a member writes is `messaged`; `ref` is the service account, and the props have the form of it, and what was
    written, as `text`, which is kept only where the config declares it. The first answer by staff after it is
    `responded`; its quantity is how many seconds the member waited since the first message that nobody had answered.
    `session_changed` says that staff took a talk, passed it on, ended it or took it up again. It needs `siyu[http]`.

    WeCom keeps messages for three days, so a run has to come by more often than that. Answers that are sent by an
    interface and not by hand are not among them.

    ```toml
    [entry.service]
    use = "wecom-service"
    from = 2026-12-01
    corp = "ww1234567890abcdef"
    app = { secret = { env = "WECOM_SERVICE_SECRET" } }
    accounts = ["wkAJ2GCAAASSm4_FhToWMFea0xAFfd3Q"]
    ```
    """

    from_: date = field(metadata=doc("the first day; nothing is read before it", example=date(2026, 12, 1)))
    corp: str = field(metadata=doc("the corp's id", example="ww1234567890abcdef"))
    app: App = field(metadata=doc("the app of the customer service", example={"secret": {"env": "WECOM_SERVICE"}}))
    accounts: tuple[str, ...] = field(metadata=doc("the service accounts (open_kfid)", example=["wkAJ2GCAAASSm4"]))

    @accounts.validator
    def _some(self, _: Attribute[tuple[str, ...]], value: tuple[str, ...]) -> None:
        if not value or not all(value):
            raise ValueError('expected at least one service account, as in ["wkAJ2GCAAASSm4_FhToWMFea0xAFfd3Q"]')

    def read(self, intake: Intake) -> Iterable[Batch]:
        """Read the messages of each account from where the last run ended: a batch a page.

        The cursor is JSON: the platform's own cursor by account.

        Raises:
            UserError: The secret is not there, or the platform refuses.
        """
        if intake.now < begin(self.from_):
            return
        cursors: dict[str, str] = json.loads(intake.cursor or "{}")
        with calling(self.corp, self.app, intake.folder) as client:
            for account in self.accounts:
                yield from self._account(intake, client, account, cursors)

    def _account(self, intake: Intake, client: Client, account: str, cursors: dict[str, str]) -> Iterator[Batch]:
        more = True
        while more:
            asked = {"cursor": cursors.get(account, ""), "limit": _PAGE, "open_kfid": account}
            answer = client.post("kf/sync_msg", asked)
            cursors[account] = answer.get("next_cursor") or cursors.get(account, "")
            more = bool(answer.get("has_more"))
            rows = [_row(one, account) for one in answer.get("msg_list") or ()]
            page = framed(intake, [row for row in rows if row], _ROW)
            yield Batch(rows=self._events(intake, page), cursor=json.dumps(cursors))

    def _events(self, intake: Intake, page: Frame) -> Frame:
        view = intake.view
        since = begin(self.from_)
        known = intake.keep(view.identified(page.filter(nw.col("second") >= since), "identity", "member"))
        written = intake.pack(known.filter(nw.col("kind") == "messaged"), {"form": "form", "text": "text"}, "props")
        changed = known.filter(nw.col("kind") == "session_changed")
        answered = known.filter(nw.col("kind") == "responded")
        told = intake.keep(_waited(view, known, answered).filter(~nw.col("waited").is_null()))
        blank = {"props": nw.lit(None, nw.String()), "waited": nw.lit(None, nw.Int64)}
        columns = [*_ROW, "props", "waited"]
        found = [
            written.with_columns(waited=blank["waited"]).select(*columns),
            changed.with_columns(**blank).select(*columns),
            told.with_columns(props=blank["props"]).select(*columns),
        ]
        return _events(intake, intake.keep(nw.concat(found)), f"wecom-service/{self.corp}")


def _row(message: Mapping[str, Any], account: str) -> dict[str, Any] | None:
    """Return what a message or an event of the platform says; None where it says nothing of a member.

    Source: developer.work.weixin.qq.com/document/path/94670
    """
    told = message.get("event") or {}
    person = message.get("external_userid") or told.get("external_userid")
    fixed = {"id": message["msgid"], "account": account, "second": message["send_time"], "identity": f"wecom:{person}"}
    if not person:
        return None
    form, origin = message.get("msgtype"), message.get("origin")
    if form == "event":
        change = _CHANGES.get(told.get("change_type", 0))
        if told.get("event_type") != "session_status_change" or change is None:
            return None
        staff = told.get("new_servicer_userid") or told.get("old_servicer_userid")
        return {**fixed, "kind": "session_changed", "subject": change, "staff": staff}
    text = (message.get("text") or {}).get("content")
    kind = {_FROM_MEMBER: "messaged", _FROM_STAFF: "responded"}.get(origin or 0)
    said = {"form": form, "text": text, "staff": message.get("servicer_userid") or None}
    return {**fixed, **said, "kind": kind} if kind else None


def _waited(view: View, page: Frame, answered: Frame) -> Frame:
    """Add ``waited`` to answers: the seconds since the first message that was not answered; null where there is none.

    The moments of a talk are parted by its answers, those that came in before included; a message of the same second
    as an answer stands before it.
    """
    types = ["messaged", "responded"]
    known = view.events.filter(nw.col("type").is_in(types), nw.col("source").str.starts_with("wecom-service/"))
    near = known.join(answered.select("member").unique(), on="member", how="semi")
    columns = ["id", *_TALK, "second", "kind"]
    old = near.select("member", "second", id="source_id", account="ref", kind="type").select(*columns)
    moments = nw.concat([old, page.filter(nw.col("kind").is_in(types)).select(*columns)]).unique()
    answer = (nw.col("kind") == "responded").cast(nw.Int64)
    ranked = row_number(moments.with_columns(answer=answer), _TALK, ["second", "answer", "id"])
    before = nw.col("answer").cum_sum().over(*_TALK, order_by=["row"]).cast(nw.Int64) - nw.col("answer")
    parted = ranked.with_columns(part=before)
    first = parted.filter(nw.col("answer") == 0).group_by(*_TALK, "part").agg(begun=nw.col("second").min())
    answers = parted.filter(nw.col("answer") == 1).select("id", *_TALK, "part")
    found = answers.join(first, on=[*_TALK, "part"], how="inner").select("id", "begun")
    return (
        answered.join(found, on="id", how="left").with_columns(waited=nw.col("second") - nw.col("begun")).drop("begun")
    )


def _events(intake: Intake, rows: Frame, source: str) -> Frame:
    return events(
        intake,
        rows,
        source,
        identity=nw.col("identity"),
        type=nw.col("kind"),
        source_id=nw.col("id"),
        second=nw.col("second"),
        staff=nw.col("staff"),
        subject=nw.col("subject"),
        ref=nw.col("account"),
        props=nw.col("props"),
        quantity=nw.col("waited"),
    )


@hookimpl
def siyu_register_entries() -> Mapping[str, type[Entry]]:
    """Bring ``wecom-service``."""
    return {"wecom-service": WecomService}
