"""The synchronisation of WeCom: what it finds, what it finds gone, and that it goes on where it broke off."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from tests.brands import HEAD, folder, happened, opened, rows
from tests.loopback import RESET, Loopback, Raw, loopback
from tests.wecom import WeCom, contact

from siyu.config.units import Secret
from siyu.errors import UserError
from siyu_plugins._platform import PlatformError
from siyu_plugins.entries._wecom_contacts import FOUND
from siyu_plugins.entries._wecom_pull import Pull

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from siyu.brand import Brand

DAY = 86_400
NOW = 1_793_000_000


@contextmanager
def shop(path: Path, wecom: WeCom, pages: int = 1000, more: str = "") -> Iterator[tuple[Brand, Loopback]]:
    with loopback(wecom.call) as server:
        entry = f"""
[entry.wecom]
use = "wecom"
corp = "ww1"
[entry.wecom.app]
secret = {{ file = "secret" }}
base_url = "{server.address}"
pages = {pages}
marks = "box"
"""
        folder(path, HEAD + entry + more)
        (path / "secret").write_text("s3cr3t", encoding="utf-8")
        with opened(path) as brand:
            yield brand, server


def known(brand: Brand) -> list[tuple[str, str | None, int]]:
    found = rows(brand, "events", "type", "staff", "second")
    return [(kind, staff, second - NOW) for kind, staff, second in found]


def follows(brand: Brand) -> list[tuple[Any, ...]]:
    return sorted(
        (staff, since - NOW, until and until - NOW, how)
        for staff, since, until, how in rows(brand, "follows", "staff", "since", "until", "how")
    )


def some() -> WeCom:
    return WeCom(
        contacts={
            "wm1": [contact("ann", NOW - 50, state="spring", tag_id=["et1", "et2"])],
            "wm2": [contact("ann", NOW - 40), contact("bob", NOW - 20)],
            "wm3": [contact("ann", NOW - 30, add_way=202)],
        },
        unions={"wm1": "u1"},
        groups={
            "wr1": {"name": "Tea", "owner": "ann", "members": {"ann": NOW - 90, "wm1": NOW - 80, "wm9": NOW - 70}},
            "wr2": {"name": "Pots", "owner": "bob", "members": {"wm2": NOW - 60}},
            "wr3": {"name": "Cups", "owner": "bob", "members": {}},
        },
    )


def test_contacts_tags_and_groups_come_in(tmp_path: Path) -> None:
    with shop(tmp_path, some()) as (brand, _):
        brand.run(now=NOW, send=False)
        assert sorted(known(brand)) == sorted(
            [
                ("joined", "ann", -50),
                ("joined", "ann", -40),
                ("followed", "ann", -50),
                ("followed", "ann", -40),
                ("transferred", "ann", -30),
                ("followed", "bob", -20),
                ("marked", "ann", 0),
                ("marked", "ann", 0),
                *[("group_changed", None, 0)] * 3,
                ("group_joined", "ann", -80),
                ("group_joined", "ann", -70),
                ("group_joined", "ann", -60),
            ]
        )
        assert follows(brand) == [
            ("ann", -50, None, "followed"),
            ("ann", -40, None, "followed"),
            ("ann", -30, None, "transferred"),
            ("bob", -20, None, "followed"),
        ]
        assert sorted(rows(brand, "groups", "group", "name", "owner")) == [
            ("wr1", "Tea", "ann"),
            ("wr2", "Pots", "bob"),
            ("wr3", "Cups", "bob"),
        ]
        assert len(rows(brand, "group_members")) == 3
        marks = rows(brand, "events", "type", "subject", "ref")
        assert sorted(mark for kind, mark, ref in marks if kind == "marked" and ref == "box") == ["et1", "et2"]
        # The log has them in any order.
        assert [mark for kind, mark, _ in marks if kind == "followed" and mark] == ["spring"]
        assert brand.number("wecom:wm1") != brand.number("wechat:u1")
        assert len(rows(brand, "links")) == 1
        assert rows(brand, "rejects") == []


def test_nothing_comes_twice_and_not_too_often(tmp_path: Path) -> None:
    with shop(tmp_path, some()) as (brand, server):
        brand.run(now=NOW, send=False)
        first, calls = known(brand), len(server.calls)
        brand.run(now=NOW + DAY - 1, send=False)
        assert len(server.calls) == calls
        brand.run(now=NOW + DAY, send=False)
        assert len(server.calls) == 2 * calls
        assert known(brand) == first
        assert len(rows(brand, "links")) == 1


def test_what_a_callback_told_is_no_news(tmp_path: Path) -> None:
    told = [
        happened("wm1", "followed", "2026-10-26T06:13:20", "c1", staff="ann"),
        happened("wm2", "followed", "2026-10-26T06:12:41", "c2", staff="ann"),
    ]
    with shop(tmp_path, some()) as (brand, _):
        brand.ingest(told, entry="wecom", now=NOW - 10)
        brand.run(now=NOW, send=False)
        assert [one for one in known(brand) if one[0] in ("followed", "joined")][2:] == [("followed", "bob", -20)]


def test_deletions_are_found(tmp_path: Path) -> None:
    wecom = some()
    with shop(tmp_path, wecom) as (brand, _):
        brand.run(now=NOW, send=False)
        del wecom.contacts["wm1"]
        wecom.contacts["wm2"] = wecom.contacts["wm2"][:1]
        wecom.groups["wr1"]["members"].pop("wm9")
        wecom.groups["wr1"]["name"] = "Green tea"
        del wecom.groups["wr2"]
        brand.run(now=NOW + DAY, send=False)
        news = sorted(one for one in known(brand) if one[2] == DAY)
        assert news == [
            ("group_changed", None, DAY),
            ("group_left", None, DAY),
            ("group_left", None, DAY),
            ("unfollowed", "ann", DAY),
            ("unfollowed", "bob", DAY),
        ]
        assert {subject for kind, subject in rows(brand, "events", "type", "subject") if kind == "unfollowed"} == {
            FOUND
        }
        assert [one for one in follows(brand) if one[2] is None] == [
            ("ann", -40, None, "followed"),
            ("ann", -30, None, "transferred"),
        ]
        left = rows(brand, "group_members", "group", "until")
        assert sorted((group, until and until - NOW) for group, until in left if until) == [("wr1", DAY), ("wr2", DAY)]


def test_whom_a_member_deleted_stays_deleted_and_whom_a_synchronisation_missed_comes_back(tmp_path: Path) -> None:
    wecom = some()
    with shop(tmp_path, wecom) as (brand, _):
        brand.run(now=NOW, send=False)
        # The member ended it: the staff member's list has them all the same.
        brand.ingest(
            [happened("wm1", "unfollowed", "2026-10-26T08:00:00", "d1", staff="ann", subject="member")], now=NOW + 9_999
        )
        kept = wecom.contacts.pop("wm2")
        brand.run(now=NOW + DAY, send=False)
        wecom.contacts["wm2"] = kept
        brand.run(now=NOW + 2 * DAY, send=False)
        assert [one for one in follows(brand) if one[2] is None] == [
            ("ann", -30, None, "transferred"),
            ("ann", 2 * DAY, None, "followed"),
            ("bob", 2 * DAY, None, "followed"),
        ]
        assert [kind for kind, _, _ in known(brand)].count("joined") == 2


def test_tags_are_taken_only_where_nobody_gives_them_any_more(tmp_path: Path) -> None:
    wecom = some()
    wecom.contacts["wm2"] = [contact("ann", NOW - 40, tag_id=["et1"]), contact("bob", NOW - 20, tag_id=["et1"])]
    tags = """
[tagger.marks]
use = "channel-tags"
channel = "box"
in = { wholesale = "et1" }
"""
    with shop(tmp_path, wecom, more=tags) as (brand, _):
        member = brand.number("wecom:wm2")
        having = []
        for day, lists in enumerate([(["et1"], ["et1"]), ([], ["et1"]), ([], []), ([], [])]):
            for one, listed in zip(wecom.contacts["wm2"], lists, strict=True):
                one["tag_id"] = listed
            brand.run(now=NOW + day * DAY, send=False)
            having.append(member in {row[0] for row in rows(brand, "tags", "member")})
        assert having[:2] == [True, True]
        assert having[3] is False
        assert [kind for kind, _, second in known(brand) if second >= 3 * DAY] == []


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str | None, int]]:
    """Return what a synchronisation finds that nothing breaks off."""
    with shop(tmp_path_factory.mktemp("whole"), some()) as (brand, _):
        brand.run(now=NOW, send=False)
        return sorted(known(brand))


@pytest.mark.parametrize(
    "fault", [RESET, Raw(500), {"errcode": 45009, "errmsg": "freq"}, {"errcode": 60011, "errmsg": "no"}]
)
def test_it_goes_on_where_it_broke_off(
    tmp_path: Path,
    fault: Any,  # noqa: ANN401 - whatever the loopback may answer
    whole: list[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("siyu_plugins._wecom.PATIENCE", (0.001, 0.001))
    wecom = some()
    path = "externalcontact/batch/get_by_user"
    wecom.faults = {path: [None, *[fault] * 4]}
    with shop(tmp_path / "broken", wecom, pages=1000) as (brand, server):
        brand.run(now=NOW, send=False)
        ((reason,),) = rows(brand, "rejects", "reason")
        assert reason.startswith("the synchronisation broke off: WeCom: externalcontact/batch/get_by_user")
        begun = len(server.calls)
        wecom.faults = {}
        brand.run(now=NOW, send=False)
        assert sorted(known(brand)) == whole
        assert "externalcontact/groupchat/get" in server.paths()[begun:]


@pytest.mark.parametrize("pages", [1, 2, 3])
def test_a_pass_reads_so_many_pages_and_the_next_one_goes_on(tmp_path: Path, pages: int, whole: list[Any]) -> None:
    with shop(tmp_path / "parts", some(), pages=pages) as (brand, server):
        for _ in range({1: 4, 2: 2, 3: 2}[pages]):
            brand.run(now=NOW, send=False)
        assert sorted(known(brand)) == whole
        cursors = [call.body["cursor"] for call in server.calls if call.path.endswith("get_by_user")]
        assert cursors == ["", "C2", ""]


def test_a_failure_at_the_first_call_is_told(tmp_path: Path) -> None:
    wecom = some()
    wecom.faults = {"externalcontact/get_follow_user_list": [{"errcode": 60020, "errmsg": "not allow"}]}
    with shop(tmp_path, wecom) as (brand, _):
        with pytest.raises(PlatformError, match="60020: not allow; add the address of this machine"):
            brand.run(now=NOW, send=False)
        assert rows(brand, "cursors") == []


def test_without_a_secret_it_says_which(tmp_path: Path) -> None:
    with shop(tmp_path, some()) as (brand, _):
        (tmp_path / "secret").unlink()
        with pytest.raises(UserError, match="cannot read the secret"):
            brand.run(now=NOW, send=False)


def test_secrets_go_only_where_nobody_reads_along() -> None:
    for address in ("http://example.com", "ftp://127.0.0.1", "https://", "https://example.com?x=1"):
        with pytest.raises(ValueError, match="expected an address"):
            Pull(secret=Secret(env="X"), base_url=address)
    for address in ("http://127.0.0.1:8080/cgi-bin", "http://localhost", "https://example.com/cgi-bin"):
        assert Pull(secret=Secret(env="X"), base_url=address).base_url == address
