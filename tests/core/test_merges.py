"""Members are joined and parted by hand, with evidence, and an id that too many share joins nobody."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.brands import HEAD, folder, gapless, happened, opened, rows

from siyu.errors import UserError
from siyu.tables import TABLES

if TYPE_CHECKING:
    import siyu

SHOP = "phone:+8613800138000"
TOML = (
    HEAD
    + """
[identity]
shared_by = 2
[feature]
orders = { count = "ordered" }
[campaign.day]
use = "broadcast"
from = 2026-11-01
on = 2026-11-10
at = "10:00"
every = "day"
say = "hi"
via = "box"
to = "orders >= 1"
"""
)
NOW, NEXT = "2026-11-12T12:00", "2026-11-13T12:00"


def ordered(*names: str) -> list[dict[str, Any]]:
    return [happened(name, "ordered", "2026-11-11T01:00", f"o-{name}", amount=100) for name in names]


def joined(brand: siyu.Brand, *names: str) -> None:
    for name in names:
        brand.link(f"wecom:{name}", SHOP, evidence="till", now=NOW)


def sizes(brand: siyu.Brand) -> list[int]:
    return sorted(orders for (orders,) in rows(brand, "features", "orders"))


def reached(brand: siyu.Brand, name: str, day: str) -> list[Any]:
    number = brand.number(f"wecom:{name}")
    return [who for who, when in rows(brand, "touches", "recipient", "occurrence") if (who, when) == (number, day)]


def test_who_shares_a_phone_with_many_is_parted_again(tmp_path: Path) -> None:
    with opened(folder(tmp_path, TOML)) as brand:
        brand.ingest(ordered("ann", "bob", "cid"), now=NOW)
        joined(brand, "ann", "bob")
        brand.run(now=NOW)
        assert sizes(brand) == [1, 2]
        joined(brand, "cid")
        done = brand.run(now=NEXT)
        assert done.counts["shared ids"] == 1
        assert sizes(brand) == [1, 1, 1]
        found = brand.sharing()
        ((phone, kind, number, of),) = [(one.member, one.kind, one.shared_by, one.of) for one in found.shared]
        assert (phone, kind, number, of) == (brand.number(SHOP), "phone", 3, "wecom")
        # One less, and the others are joined again.
        brand.unlink("wecom:cid", SHOP, evidence="slip", now=NEXT)
        brand.run(now=NEXT)
        assert sizes(brand) == [1, 2]
        gapless(brand)


def test_what_was_sent_before_too_many_shared_it_is_not_sent_again(tmp_path: Path) -> None:
    with opened(folder(tmp_path, TOML)) as brand:
        brand.ingest(ordered("ann", "bob"), now=NOW)
        joined(brand, "ann", "bob")
        brand.run(now=NOW)
        before = rows(brand, "touches", "recipient", "occurrence")
        joined(brand, "cid", "dan")
        brand.ingest(ordered("cid", "dan"), now=NOW)
        brand.run(now=NOW)
        new = rows(brand, "touches", "recipient", "occurrence")[len(before) :]
        # Ann and Bob may both have got it; Cid and Dan were never among them.
        days = {when for _, when in before}
        strangers = {brand.number("wecom:cid"), brand.number("wecom:dan")}
        assert sorted(new) == sorted((who, day) for who in strangers for day in days)
        brand.run(now=NEXT)
        assert all(len(reached(brand, name, "2026-11-13")) == 1 for name in ("ann", "bob", "cid", "dan"))


def test_a_config_releases_a_shared_id(tmp_path: Path) -> None:
    store = tmp_path / "store"
    with opened(folder(tmp_path, TOML), store=store) as brand:
        brand.ingest(ordered("ann", "bob", "cid"), now=NOW)
        joined(brand, "ann", "bob", "cid")
        brand.run(now=NOW)
        assert sizes(brand) == [1, 1, 1]
    released = TOML.replace("shared_by = 2", 'shared_by = 2\nrelease = ["phone:138 0013 8000"]')
    for toml in (released, TOML.replace("shared_by = 2", "shared_by_kind = { wecom = 3 }\nshared_by = 2")):
        with opened(folder(tmp_path, toml), store=store) as brand:
            brand.run(now=NEXT)
            assert sizes(brand) == [3]
            assert not brand.sharing().shared
            ((member, kind, ids),) = [(one.member, one.kind, one.ids) for one in brand.sharing().conflicts]
            assert (kind, len(ids)) == ("wecom", 3)
            assert member == min(number for (number,) in rows(brand, "canon", "member"))
    with opened(folder(tmp_path, TOML), store=store) as brand:
        brand.run(now=NEXT)
        assert sizes(brand) == [1, 1, 1]


def test_what_is_merged_by_hand_is_parted_by_hand(tmp_path: Path) -> None:
    with opened(folder(tmp_path, TOML)) as brand:
        brand.ingest(ordered("ann", "bob"), now=NOW)
        brand.merge("wecom:ann", "wecom:bob", by="lin", why="same card", now=NOW)
        brand.run(now=NOW)
        assert sizes(brand) == [2]
        (links, *_) = brand.explain("wecom:ann", now=NOW).sections
        (row,) = [dict(zip(links.columns, row, strict=True)) for row in links.rows]
        assert (links.stage, row["evidence"], row["state"], row["kind"]) == (
            "links",
            "lin: same card",
            "holds",
            "wecom",
        )
        brand.unmerge("wecom:bob", "wecom:ann", by="wu", why="two people", now=NEXT)
        brand.run(now=NEXT)
        assert sizes(brand) == [1, 1]
        states = [row[-2:] for row in brand.explain("wecom:bob", now=NEXT).sections[0].rows]
        assert states == [("wu: two people", "undone"), ("lin: same card", "overruled")]
        gapless(brand)


def test_evidence_that_comes_again_joins_nobody_whom_a_person_parted(tmp_path: Path) -> None:
    link = {"identity": "wecom:ann", "other": "wecom:bob", "evidence": "export"}
    with opened(folder(tmp_path, TOML)) as brand:
        brand.ingest(ordered("ann", "bob"), now=NOW)
        brand.merge("wecom:ann", "wecom:bob", by="lin", why="same card", now=NOW)
        brand.unmerge("wecom:ann", "wecom:bob", by="wu", why="two people", now=NEXT)
        for evidence, day in (("export", 12), ("export", 20), ("another", 20)):
            brand.ingest([{**link, "evidence": evidence, "time": f"2026-11-{day}T09:00"}], table="links")
            assert not rows(brand, "canon")
        states = [row[-2:] for row in brand.explain("wecom:bob", now=NEXT).sections[0].rows]
        assert {state for evidence, state in states if evidence != "wu: two people"} == {"overruled"}
        brand.merge("wecom:ann", "wecom:bob", by="wu", why="she married", now=NEXT)
        assert len(rows(brand, "canon")) == 2


def test_what_cannot_be_parted_is_told(tmp_path: Path) -> None:
    with opened(folder(tmp_path, TOML)) as brand:
        with pytest.raises(UserError, match="are not one member"):
            brand.unmerge("wecom:ann", "wecom:bob", by="lin", why="slip")
        brand.merge("wecom:ann", "wecom:bob", by="lin", why="a", now=NOW)
        brand.merge("wecom:bob", "wecom:cid", by="lin", why="b", now=NOW)
        with pytest.raises(UserError, match=r"no link names both of them: .*\(lin: a\), .*\(lin: b\)"):
            brand.unmerge("wecom:ann", "wecom:cid", by="lin", why="slip")
        brand.merge("wecom:ann", "wecom:cid", by="lin", why="c", now=NOW)
        with pytest.raises(UserError, match="other links join them too"):
            brand.unmerge("wecom:ann", "wecom:cid", by="lin", why="slip")
        assert len(rows(brand, "links")) == 3


def test_a_tick_joins_by_links_that_nobody_joined_by_yet(tmp_path: Path) -> None:
    with opened(folder(tmp_path, TOML)) as brand:
        brand.ingest(ordered("ann", "bob"), now=NOW)
        brand.link("wecom:x", "wecom:y", evidence="till", now=NOW)
        brand.run(now=NOW)
        with brand.store.opened() as session, session.writing(brand.store.next_run()) as writer:
            one, other = brand.number("wecom:ann"), brand.number("wecom:bob")
            link: dict[str, list[Any]] = {
                "a": [one],
                "b": [other],
                "evidence": ["callback"],
                "time": [1],
                "undone": [False],
                "by_hand": [False],
            }
            writer.append("links", session.engine.frame(link, TABLES["links"].columns))
        brand.tick(now=NEXT)
        assert dict(rows(brand, "canon", "member", "canon"))[max(one, other)] == min(one, other)


def test_a_store_from_before_shared_ids_tells_anew_who_is_one_person(tmp_path: Path) -> None:
    store = tmp_path / "store"
    with opened(folder(tmp_path, TOML), store=store) as brand:
        brand.ingest(ordered("ann", "bob", "cid"), now=NOW)
        joined(brand, "ann", "bob", "cid")
        brand.run(now=NOW)
        with brand.store.opened() as session:
            # As the version before left it: everybody joined, addresses by channel, and nothing of shared ids.
            for table in ("shared", "superseded", "addresses", "closings", "suppressions", "accesses"):
                session.cursor.execute(f"DROP TABLE {table}")
            session.cursor.execute("ALTER TABLE links DROP COLUMN by_hand")
            columns = "member BIGINT, channel VARCHAR, value VARCHAR, seq BIGINT, run BIGINT"
            session.cursor.execute(f"CREATE TABLE addresses ({columns})")
            session.cursor.execute("UPDATE meta SET value = '2' WHERE name = 'schema_version'")
            session.cursor.execute("DELETE FROM folds WHERE state = 'canon'")
            session.cursor.execute("UPDATE folds SET definition = '' WHERE name = ''")
            session.cursor.execute("INSERT INTO canon SELECT member, min(member) OVER () FROM identities")
    with opened(tmp_path, store=store) as brand:
        brand.run(now=NEXT)
        assert sizes(brand) == [1, 1, 1]
        assert (len(rows(brand, "shared")), len(rows(brand, "canon")), len(rows(brand, "addresses"))) == (1, 0, 0)
