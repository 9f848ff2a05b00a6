"""What an SMS provider posts back, through the entry ``webhook``: reports on messages, and what people answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.brands import folder, happened, opened, rows
from tests.loopback import Call, loopback
from tests.pushes import SECRET, post

if TYPE_CHECKING:
    from pathlib import Path

TOML = """
[brand]
name = "Tiny"
zone = "Asia/Shanghai"
region = "CN"
[gate]
consent = "unless-withdrawn"
distance = "0s"
quiet = "03:00-03:01"
caps = []
[content.words]
use = "library"
[content.words.items.hi]
kind = "emotion"
text = "春茶到了,拒收请回复R"
[campaign.tea]
use = "broadcast"
from = 2026-11-01
on = 2026-11-10
at = "10:00"
every = "day"
say = "hi"
via = "sms"
[channel.sms]
use = "sms"
url = "{base}/send"
fields = {{ phone = "{{address}}", text = "{{text}}", out_id = "{{key}}" }}
secrets = {{ authorization = {{ file = "secret" }} }}
opt_out = ["回复R"]
answers = {{ code = "Code", accepted = ["OK"], id = "BizId" }}
[consent.channels]
sms-answers = "sms"
[entry.sms-answers]
use = "webhook"
signature = {{ secrets = [{{ file = "secret" }}] }}
type = "replied"
member = "phone:{{phone}}"
id = "{{sequence}}"
time = "at"
props = {{ text = "content" }}
[entry.sms-reports]
use = "webhook"
signature = {{ secrets = [{{ file = "secret" }}] }}
type = {{ column = "status" }}
types = {{ DELIVRD = "delivered", UNDELIV = "bounced" }}
member = "phone:{{phone}}"
id = "{{biz_id}}"
time = "at"
ref = "out_id"
"""


def test_the_next_message_goes_by_what_was_answered(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET, encoding="ascii")
    calls: list[Any] = []

    def provider(call: Call) -> Any:  # noqa: ANN401 - see loopback
        calls.append(call.body)
        return {"Code": "OK", "BizId": f"b{len(calls)}"}

    with loopback(provider) as server, opened(folder(tmp_path, TOML.format(base=server.address))) as brand:
        phones = {word: f"+861380013800{number}" for number, word in enumerate(("R", "t", "TD", "\uff2e", "谢谢", ""))}
        people = [
            {**happened(phone, "joined", "2026-11-02T08:00:00Z", phone), "identity": f"phone:{phone}"}
            for phone in phones.values()
        ]
        brand.ingest(people, now="2026-11-03")
        brand.run(now="2026-11-10T10:30")
        assert len(calls) == len(phones)
        at = "2026-11-10T11:00:00+08:00"
        answers = [
            {"phone": phone.removeprefix("+86"), "content": word, "sequence": phone, "at": at}
            for word, phone in phones.items()
            if word
        ]
        assert post(brand, "sms-answers", answers, now=1_796_000_000).status == 200
        states = {call["out_id"]: "DELIVRD" for call in calls[1:]} | {calls[0]["out_id"]: "UNDELIV"}
        told = [
            {
                "phone": call["phone"],
                "status": states[call["out_id"]],
                "biz_id": f"b{one}",
                "out_id": call["out_id"],
            }
            for one, call in enumerate(calls)
        ]
        assert post(brand, "sms-reports", [{**one, "at": at} for one in told]).status == 200
        calls.clear()
        brand.run(now="2026-11-11T10:30")
        assert {call["phone"] for call in calls} == {phones["谢谢"], phones[""]}
        kinds = [kind for (kind,) in rows(brand, "events", "type")]
        assert (kinds.count("delivered"), kinds.count("bounced"), kinds.count("replied")) == (5, 1, 5)
        touches = {str(touch) for (touch,) in rows(brand, "touches", "id")}
        assert {ref for kind, ref in rows(brand, "events", "type", "ref") if kind == "delivered"} <= touches
        assert "谢谢" not in repr(rows(brand, "events"))
