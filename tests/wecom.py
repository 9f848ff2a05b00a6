"""WeCom as a real server plays it: contacts, tags and groups by page, tokens, handovers and codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import define, field

if TYPE_CHECKING:
    from tests.loopback import Call

__all__ = ["WeCom", "contact"]


def contact(staff: str, since: int, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - what WeCom tells of it
    """Return a contact of a person, as ``follow_info`` tells it."""
    return {"userid": staff, "createtime": since, "add_way": 1, "tag_id": [], **more}


@define
class WeCom:
    """What the platform knows; ``call`` answers.

    Attributes:
        contacts: The contacts of each person.
        groups: The groups by id: name, owner, members.
        unions: The unionids of people.
        page: How many rows a page has.
        handovers: What became of each pair's handovers, by person: status and takeover_time.
        unassigned: Staff who left and the people whom nobody serves since.
        ways: The channel codes by config_id.
        refusing: The codes that a person is refused with.
        faults: What is answered instead, by path: one answer for each call, None for the right one.
    """

    contacts: dict[str, list[dict[str, Any]]] = field(factory=dict)
    groups: dict[str, dict[str, Any]] = field(factory=dict)
    unions: dict[str, str] = field(factory=dict)
    staff: list[str] = field(factory=lambda: ["ann", "bob"])
    page: int = 2
    faults: dict[str, list[Any]] = field(factory=dict)
    handovers: dict[tuple[str, str], dict[str, dict[str, int]]] = field(factory=dict)
    unassigned: list[tuple[str, str]] = field(factory=list)
    refusing: dict[str, int] = field(factory=dict)
    ways: dict[str, dict[str, Any]] = field(factory=dict)
    tokens: int = 0

    def call(self, call: Call) -> Any:  # noqa: ANN401 - see loopback
        """Answer a call."""
        if self.faults.get(call.path):
            fault = self.faults[call.path].pop(0)
            if fault is not None:
                return fault
        if call.path == "gettoken":
            self.tokens += 1
            return {"errcode": 0, "access_token": f"T{self.tokens}", "expires_in": 7200}
        if call.query.get("access_token") != f"T{self.tokens}":
            return {"errcode": 40014, "errmsg": "invalid access_token"}
        return getattr(self, call.path.replace("/", "_"))(call)

    def externalcontact_get_follow_user_list(self, _: Call) -> dict[str, Any]:
        return {"errcode": 0, "follow_user": self.staff}

    def externalcontact_list(self, call: Call) -> dict[str, Any]:
        found = [person for person, _ in self._of(call.query["userid"])]
        return {"errcode": 0, "external_userid": found} if found else {"errcode": 84061, "errmsg": "not external"}

    def externalcontact_batch_get_by_user(self, call: Call) -> dict[str, Any]:
        found = [pair for staff in call.body["userid_list"] for pair in self._of(staff)]
        rows, following = self._paged(found, call.body["cursor"])
        listed = [
            {"external_contact": self._person(person) | {"name": "Li"}, "follow_info": follow}
            for person, follow in rows
        ]
        return {"errcode": 0, "external_contact_list": listed, "next_cursor": following}

    def externalcontact_groupchat_list(self, call: Call) -> dict[str, Any]:
        rows, following = self._paged(sorted(self.groups), call.body["cursor"])
        return {
            "errcode": 0,
            "group_chat_list": [{"chat_id": one, "status": 0} for one in rows],
            "next_cursor": following,
        }

    def externalcontact_groupchat_get(self, call: Call) -> dict[str, Any]:
        group = self.groups[call.body["chat_id"]]
        members = [self._in_group(person, since) for person, since in group["members"].items()]
        about = {"chat_id": call.body["chat_id"], "name": group["name"], "owner": group["owner"]}
        return {"errcode": 0, "group_chat": {**about, "member_list": members}}

    def externalcontact_transfer_customer(self, call: Call) -> dict[str, Any]:
        pair = (call.body["handover_userid"], call.body["takeover_userid"])
        assert len(call.body["external_userid"]) <= 100
        answers = []
        for person in call.body["external_userid"]:
            known = self.handovers.setdefault(pair, {})
            code = self.refusing.get(person, 40129 if person in known else 0)
            if not code:
                known[person] = {"status": 2, "takeover_time": 0}
            answers.append({"external_userid": person, "errcode": code})
        return {"errcode": 0, "customer": answers}

    def externalcontact_transfer_result(self, call: Call) -> dict[str, Any]:
        known = self.handovers.get((call.body["handover_userid"], call.body["takeover_userid"]), {})
        rows, following = self._paged(sorted(known), call.body["cursor"])
        listed = [{"external_userid": person, **known[person]} for person in rows]
        return {"errcode": 0, "customer": listed, "next_cursor": following}

    externalcontact_resigned_transfer_customer = externalcontact_transfer_customer
    externalcontact_resigned_transfer_result = externalcontact_transfer_result

    def externalcontact_get_unassigned_list(self, call: Call) -> dict[str, Any]:
        rows, following = self._paged(self.unassigned, call.body["cursor"])
        listed = [{"handover_userid": staff, "external_userid": person, "dimission_time": 0} for staff, person in rows]
        return {"errcode": 0, "info": listed, "next_cursor": following}

    def externalcontact_add_contact_way(self, call: Call) -> dict[str, Any]:
        number = f"way{len(self.ways) + 1}"
        self.ways[number] = {**call.body, "config_id": number, "qr_code": f"https://wework.example/{number}"}
        return {"errcode": 0, "config_id": number, "qr_code": self.ways[number]["qr_code"]}

    def externalcontact_update_contact_way(self, call: Call) -> dict[str, Any]:
        self.ways[call.body["config_id"]].update(call.body)
        return {"errcode": 0}

    def externalcontact_list_contact_way(self, call: Call) -> dict[str, Any]:
        rows, following = self._paged(sorted(self.ways), call.body["cursor"])
        return {"errcode": 0, "contact_way": [{"config_id": one} for one in rows], "next_cursor": following}

    def externalcontact_get_contact_way(self, call: Call) -> dict[str, Any]:
        return {"errcode": 0, "contact_way": self.ways[call.body["config_id"]]}

    def _of(self, staff: str) -> list[tuple[str, dict[str, Any]]]:
        return [(person, one) for person, known in self.contacts.items() for one in known if one["userid"] == staff]

    def _person(self, person: str) -> dict[str, Any]:
        union = {"unionid": self.unions[person]} if person in self.unions else {}
        return {"external_userid": person, **union}

    def _in_group(self, person: str, since: int) -> dict[str, Any]:
        union = {"unionid": self.unions[person]} if person in self.unions else {}
        kind = 1 if person in self.staff else 2
        return {"userid": person, "type": kind, "join_time": since, "invitor": {"userid": "ann"}, **union}

    def _paged(self, rows: list[Any], cursor: str) -> tuple[list[Any], str]:
        begin = int(cursor.removeprefix("C") or 0)
        end = begin + self.page
        return rows[begin:end], f"C{end}" if end < len(rows) else ""
