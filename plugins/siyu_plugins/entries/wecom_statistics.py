"""WeCom's statistics of staff: how many talks a day, how many of them answered, and how soon."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import narwhals as nw
from attrs import field, frozen

from siyu import hookimpl
from siyu.kinds import Batch, Entry, doc
from siyu_plugins._wecom import App, calling
from siyu_plugins.entries._wecom_days import DAY, begin, midnight
from siyu_plugins.entries._wecom_rows import events, framed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from narwhals.dtypes import DType

    from siyu.kinds import Intake

__all__ = ["WecomStatistics", "siyu_register_entries"]

# What one call tells at most, and what is kept. Source: developer.work.weixin.qq.com/document/path/92132
_SPAN, _BACK = 30 * DAY, 179 * DAY
# A day is asked for only when its numbers stand.
_SETTLED = DAY // 2
# The platform's words, what they are here, and how many of the smallest unit one of theirs is.
_MEASURES = {
    "chat_cnt": ("chats", 1),
    "message_cnt": ("messages", 1),
    "reply_percentage": ("answered", 100),
    "avg_reply_time": ("wait", 60),
    "negative_feedback_cnt": ("lost", 1),
    "new_apply_cnt": ("requests", 1),
    "new_contact_cnt": ("new-contacts", 1),
}
_ROW: dict[str, DType] = {
    **dict.fromkeys(("staff", "measure", "theirs"), nw.String()),
    **dict.fromkeys(("second", "value"), nw.Int64()),
}


@frozen(kw_only=True)
class WecomStatistics(Entry):
    """Reads what WeCom measured of each staff member's days: events `staff_measured` of the staff member.

    The subject is what was measured, the quantity how much, and `ref` the platform's own name of it, so that nobody
    takes its average for one of siyu's. A day is read once, twelve hours after its end in China. It needs `siyu[http]`.

    | subject | quantity |
    |---|---|
    | `chats`, `messages` | talks in which the staff member wrote, and what was written in them |
    | `answered` | talks that a member began and that were answered on the same day, in hundredths of a percent |
    | `wait` | until the first answer, on average, in seconds; the platform tells whole minutes |
    | `lost` | members who deleted or blocked the staff member |
    | `requests`, `new-contacts` | contacts that the staff member asked for, and new ones |

    ```toml
    [entry.staff-days]
    use = "wecom-statistics"
    from = 2026-12-01
    corp = "ww1234567890abcdef"
    app = { secret = { env = "WECOM_SECRET" } }
    ```
    """

    from_: date = field(metadata=doc("the first day that is read", example=date(2026, 12, 1)))
    corp: str = field(metadata=doc("the corp's id", example="ww1234567890abcdef"))
    app: App = field(metadata=doc("the app that may see the staff", example={"secret": {"env": "WECOM_SECRET"}}))

    def read(self, intake: Intake) -> Iterable[Batch]:
        """Read the days since the last one that was read, at most 30 a batch; WeCom keeps half a year.

        The cursor is the second when the next day begins.

        Raises:
            UserError: The secret is not there, or the platform refuses.
        """
        end = midnight(intake.now - _SETTLED)
        first = max(begin(self.from_), int(intake.cursor or 0), end - _BACK)
        if first >= end:
            return
        with calling(self.corp, self.app, intake.folder) as client:
            staff = sorted(client.get("externalcontact/get_follow_user_list").get("follow_user") or ())
            for start in range(first, end, _SPAN):
                until = min(start + _SPAN, end)
                bodies = [{"userid": [one], "start_time": start, "end_time": until - DAY} for one in staff]
                answers = client.posts("externalcontact/get_user_behavior_data", bodies)
                yield self._batch(intake, list(_rows(staff, answers)), until)

    def _batch(self, intake: Intake, rows: Sequence[dict[str, Any]], until: int) -> Batch:
        frame = framed(intake, rows, _ROW)
        name = [nw.col("staff"), nw.col("second").cast(nw.String), nw.col("measure")]
        told = events(
            intake,
            frame,
            f"wecom-statistics/{self.corp}",
            identity=nw.concat_str(nw.lit("staff:"), nw.col("staff")),
            type=nw.lit("staff_measured"),
            source_id=nw.concat_str(*name, separator=" "),
            second=nw.col("second"),
            staff=nw.col("staff"),
            subject=nw.col("measure"),
            ref=nw.concat_str(nw.lit("WeCom "), nw.col("theirs")),
            quantity=nw.col("value"),
        )
        return Batch(rows=told, cursor=str(until))


def _rows(staff: Sequence[str], answers: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield what was measured; what is not told of a day, as an average without talks, was not measured."""
    for one, answer in zip(staff, answers, strict=True):
        for day in answer.get("behavior_data") or ():
            for theirs, (ours, unit) in _MEASURES.items():
                if day.get(theirs) is not None:
                    told = {"staff": one, "measure": ours, "theirs": theirs, "second": day["stat_time"]}
                    yield told | {"value": round(day[theirs] * unit)}


@hookimpl
def siyu_register_entries() -> Mapping[str, type[Entry]]:
    """Bring ``wecom-statistics``."""
    return {"wecom-statistics": WecomStatistics}
