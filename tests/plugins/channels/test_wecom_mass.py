"""Mass messages end to end: a brand's staff, WeCom on this machine, and what is in the log after each delivery."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tests.brands import folder, happened, opened, rows
from tests.loopback import loopback
from tests.masses import Console

from siyu.errors import PluginError

if TYPE_CHECKING:
    from pathlib import Path

    from siyu.brand import Brand

SECRET = "s3cr3t-of-the-app"  # noqa: S105 - what nothing may show
TOML = """
[brand]
name = "Tiny"
zone = "Asia/Shanghai"
[gate]
consent = "unless-withdrawn"
distance = "0s"
quiet = "03:00-03:01"
caps = [{{ times = 1, per = "day", campaign = "also" }}, {{ times = 1, per = "week", channel = "customers" }}]
[content.words]
use = "library"
[content.words.items.hi]
kind = "emotion"
text = "春茶到了"
[campaign.tea]
use = "broadcast"
from = 2026-11-01
on = 2026-11-10
at = "10:00"
say = "hi"
via = "customers"
priority = 5
until_after = "3d"
[campaign.also]
use = "broadcast"
from = 2026-11-01
on = 2026-11-10
at = "10:00"
say = "hi"
via = "customers"
until_after = "3d"
[channel.customers]
use = "wecom-customer"
corp = "ww1"
app = {{ secret = {{ file = "secret" }}, base_url = "{base}" }}
quotas = [{{ times = 2, per = "day", each = "sender" }}]
reminding = {{ after = "4h", times = 2 }}
"""
STAFF = {"wma": "ann", "wmb": "ann", "wmc": "ann", "wmd": "bob"}


def made(path: Path, base: str) -> Brand:
    (path / "secret").write_text(SECRET, encoding="ascii")
    return opened(folder(path, TOML.format(base=base)), store=path / "store.duckdb")


def newest(brand: Brand, campaign: str = "tea") -> dict[str, tuple[str, str]]:
    """Return the newest state of each member's touch of a campaign, and why."""
    names = {brand.number(f"wecom:{name}"): name for name in STAFF}
    states = {touch: (state, reason) for touch, state, reason in rows(brand, "receipts", "touch", "state", "reason")}
    found = rows(brand, "touches", "id", "recipient", "campaign")
    return {names[who]: states[touch] for touch, who, of in found if of == campaign}


def test_a_mass_message_from_the_plan_to_its_end(tmp_path: Path) -> None:
    console = Console(status={"wmb": 3})
    with loopback(console.call) as server:
        with made(tmp_path, server.address) as brand:
            people = [
                happened(name, "followed", "2026-11-02T08:00:00Z", name, staff=staff) for name, staff in STAFF.items()
            ]
            brand.ingest(people, now="2026-11-03")
            brand.run(now="2026-11-10T10:30")
            # Two for each of the staff, and who was handed one gets no other within the cap.
            asked = {task["sender"]: len(task["external_userid"]) for task in console.tasks}
            assert asked == {"ann": 2, "bob": 1}
            assert Counter(state for state, _ in newest(brand).values()) == {"handed": 3, "held": 1}
            assert "the platform of 'customers' allows 2 a day by each sender" in dict(newest(brand).values()).values()
            assert {state for state, _ in newest(brand, "also").values()} == {"held"}
            assert ("held", "cap of 1 a week by customers") in newest(brand, "also").values()

            brand.deliver(now="2026-11-10T14:29")
            assert console.reminders == []
            brand.deliver(now="2026-11-10T14:30")
            brand.deliver(now="2026-11-10T15:00")
            assert sorted(console.reminders) == ["M1", "M2"]
        with made(tmp_path, server.address) as brand:
            # What was reminded before the program ended counts.
            brand.deliver(now="2026-11-10T18:30")
            brand.deliver(now="2026-11-10T22:30")
            assert Counter(console.reminders) == {"M1": 2, "M2": 2}

            first = "M1" if console.tasks[0]["sender"] == "ann" else "M2"
            people_of_ann = console.tasks[int(first[1:]) - 1]["external_userid"]
            console.status = {people_of_ann[0]: 1, people_of_ann[1]: 3}
            console.confirmed = {first}
            brand.deliver(now="2026-11-10T23:00")
            assert newest(brand)[people_of_ann[0]] == ("sent", "")
            assert newest(brand)[people_of_ann[1]] == ("failed", "the member got another mass message already")
            assert newest(brand)["wmd"][0] == "handed"

            second = "M2" if first == "M1" else "M1"
            console.faults = [{"errcode": 48002, "errmsg": "forbidden"}]
            try:
                brand.control("campaign:tea", "stop", actor="Li", now="2026-11-10T23:10")
                words = ""
            except PluginError as error:
                words = str(error)
            assert words.startswith("campaign:tea is stopped, but what was handed to people before could not be taken")
            assert "48002" in words
            assert SECRET not in words
            assert newest(brand)["wmd"][0] == "handed"
            brand.control("campaign:tea", "stop", actor="Li", now="2026-11-10T23:20")
            assert console.ended == [second]
            assert newest(brand)["wmd"] == ("cancelled", "it was taken back before anybody confirmed it")
            # What is taken back uses no place any more, so the other campaign's turn comes.
            brand.run(now="2026-11-11T10:30")
            assert newest(brand, "also")["wmd"][0] == "handed"
            assert all(SECRET not in repr(rows(brand, table)) for table in ("receipts", "configs", "runs", "controls"))
            # Nobody confirmed it in time.
            brand.deliver(now="2026-11-13T10:00")
            assert newest(brand, "also")["wmd"][0] == "cancelled"
    assert len(console.ended) > 1
