"""WeCom's mass messages as a real server plays them: tasks that staff confirm, their results, reminders, an end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import define, field
from tests.loopback import RESET

if TYPE_CHECKING:
    from tests.loopback import Call

__all__ = ["Console"]


@define
class Console:
    """Tasks, and what became of each.

    Attributes:
        tasks: The tasks as they were made; the first is ``M1``.
        refused: The people whom a new task refuses.
        status: What becomes of people whose task is confirmed, by person; 1 where it is not said.
        confirmed: The tasks that the staff member confirmed.
        ended: The tasks that were taken back.
        reminders: The tasks of which staff were reminded, in order.
        faults: What is answered instead, one for each call.
        drops: How many new tasks are made and not answered, as after a time-out.
        made: When new tasks are made, in epoch seconds.
    """

    tasks: list[Any] = field(factory=list)
    refused: list[str] = field(factory=list)
    status: dict[str, int] = field(factory=dict)
    confirmed: set[str] = field(factory=set)
    ended: list[str] = field(factory=list)
    reminders: list[str] = field(factory=list)
    faults: list[Any] = field(factory=list)
    drops: int = 0
    made: int = 0

    def call(self, call: Call) -> Any:  # noqa: ANN401 - see loopback
        """Answer a call."""
        if call.path == "gettoken":
            return {"errcode": 0, "access_token": "T", "expires_in": 7200}
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None:
            return fault
        return getattr(self, call.path.removeprefix("externalcontact/"))(call.body)

    def add_msg_template(self, body: Any) -> Any:  # noqa: ANN401 - JSON
        self.tasks.append({**body, "create_time": self.made})
        if self.drops:
            self.drops -= 1
            return RESET
        return {"errcode": 0, "msgid": f"M{len(self.tasks)}", "fail_list": self.refused}

    def get_groupmsg_list_v2(self, body: Any) -> Any:  # noqa: ANN401 - JSON
        assert body["limit"] <= 100
        assert body["end_time"] - body["start_time"] <= 30 * 86400
        listed = [{"msgid": f"M{number}", **task} for number, task in enumerate(self.tasks, 1)]
        within = [one for one in listed if body["start_time"] <= one["create_time"] <= body["end_time"]]
        return {"errcode": 0, "group_msg_list": within}

    def get_groupmsg_task(self, body: Any) -> Any:  # noqa: ANN401 - JSON
        status = 2 if body["msgid"] in self.confirmed else 0
        return {"errcode": 0, "task_list": [{"userid": self._task(body)["sender"], "status": status}]}

    def get_groupmsg_send_result(self, body: Any) -> Any:  # noqa: ANN401 - JSON
        task = self._task(body)
        assert body["userid"] == task["sender"]
        begin = int(body["cursor"] or 0)
        people = task["external_userid"][begin : begin + 2]
        usual = 1 if body["msgid"] in self.confirmed else 0
        rows = [{"external_userid": one, "status": self.status.get(one, usual), "userid": "ann"} for one in people]
        more = str(begin + 2) if begin + 2 < len(task["external_userid"]) else ""
        return {"errcode": 0, "send_list": rows, "next_cursor": more}

    def remind_groupmsg_send(self, body: Any) -> Any:  # noqa: ANN401 - JSON
        self.reminders.append(body["msgid"])
        return {"errcode": 0}

    def cancel_groupmsg_send(self, body: Any) -> Any:  # noqa: ANN401 - JSON
        self.ended.append(body["msgid"])
        return {"errcode": 0}

    def _task(self, body: Any) -> Any:  # noqa: ANN401 - JSON
        return self.tasks[int(body["msgid"][1:]) - 1]
