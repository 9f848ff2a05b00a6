"""The brand's key may be changed: who was known is found again, and no fact is counted twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.brands import EVERYTHING, folder, happened, opened, rows

import siyu
from siyu.components import ROTATED
from siyu.errors import StoreError, UserError
from siyu.keys import hashed, hashed_all

OLDER = '[brand]\nolder_keys = [{ file = ".siyu/key-1" }]\n'
NAMES = ["wecom:ann", "wecom:bob", "phone:+8613800138000"]
NEW = "wecom:cid"
NOW, LATER = "2026-11-12T12:00", "2026-11-13T12:00"


def facts(day: int, names: list[str]) -> list[dict[str, object]]:
    """Return what members do on a day: join, order, and look, with a friend who sent them."""
    found = []
    for name in names:
        when = f"2026-11-{day}T01:00"
        found.append(happened("x", "joined", when, f"j-{name}-{day}", ref=NAMES[0]) | {"identity": name})
        found.append(happened("x", "ordered", when, f"o-{name}-{day}", amount=5000) | {"identity": name})
    return found


def rotated(path: Path) -> None:
    """Follow the procedure of the manual."""
    (path / ".siyu" / "key").rename(path / ".siyu" / "key-1")
    text = (path / "brand.toml").read_text(encoding="utf-8")
    (path / "brand.toml").write_text(text.replace("[brand]\n", OLDER), encoding="utf-8")


def life(path: Path, *, rotate: bool) -> dict[str, object]:
    """Live two days, with a new key in between or not; return what is known in the end, by outside id."""
    folder(path, EVERYTHING)
    with opened(path, store=path / "store") as brand:
        brand.ingest(facts(12, NAMES), now=NOW)
        brand.link(NAMES[0], NAMES[2], evidence="till", now=NOW)
        assert brand.claim("sale", member=NAMES[1], id="r1", now=NOW).granted
        brand.run(now=NOW)
    if rotate:
        rotated(path)
    with opened(path, store=path / "store") as brand:
        brand.ingest(facts(12, NAMES), now=LATER)
        brand.ingest(facts(13, [*NAMES, NEW]), now=LATER)
        assert brand.claim("sale", member=NAMES[1], id="r1", now=LATER).granted
        brand.link(NEW, NAMES[1], evidence="till", now=LATER)
        brand.run(now=LATER)
        brand.tick(now=LATER)
        return known(brand)


def known(brand: siyu.Brand) -> dict[str, object]:
    canon = dict(rows(brand, "canon", "member", "canon"))
    people = {name: canon.get(brand.number(name), brand.number(name)) for name in [*NAMES, NEW]}
    features = {member: rest for member, *rest in rows(brand, "features", "member", "spend", "orders")}
    touched = rows(brand, "touches", "recipient", "campaign", "step", "occurrence")
    granted = rows(brand, "grants", "member", "incentive", "kind", "amount")
    one = {name: sorted(other for other in people if people[other] == people[name]) for name in people}
    of = {number: one[name] for name, number in people.items()}
    return {
        "one": one,
        "features": {name: features[number] for name, number in people.items()},
        "members": len(features),
        "events": len(rows(brand, "events")),
        "rejects": len(rows(brand, "rejects")),
        "grants": sorted((of[canon.get(member, member)], *rest) for member, *rest in granted),
        "trips": sorted((of[canon.get(who, who)], *rest) for who, campaign, *rest in touched if campaign == "trip"),
    }


def test_many_ids_are_those_of_one_by_one() -> None:
    texts = ["", "wecom:ann", "茶", "a|b", "wecom:ann"]
    assert hashed_all("key", texts) == [hashed("key", text) for text in texts]
    assert hashed_all("key", texts, "a", "b") == [hashed("key", "a", "b", text) for text in texts]


def test_a_life_with_a_new_key_is_the_same_life(tmp_path: Path) -> None:
    plain = life(tmp_path / "plain", rotate=False)
    assert life(tmp_path / "rotated", rotate=True) == plain
    assert plain["events"] == 2 * 3 + 1 + 2 * 4


def test_who_was_known_is_linked_and_who_is_new_has_an_id_of_the_new_key(tmp_path: Path) -> None:
    folder(tmp_path, EVERYTHING)
    with opened(tmp_path, store=tmp_path / "store") as brand:
        brand.ingest(facts(12, NAMES[:1]), now=NOW)
        old = brand.number(NAMES[0])
    rotated(tmp_path)
    with opened(tmp_path, store=tmp_path / "store") as brand:
        assert brand.number(NAMES[0]) == old
        brand.ingest(facts(13, [NAMES[0], NEW]), now=LATER)
        brand.run(now=LATER)
        assert brand.number(NAMES[0]) == old
        assert len(set(rows(brand, "events", "member"))) == 2
        ((one, other, evidence),) = rows(brand, "links", "a", "b", "evidence")
        assert (one, evidence) == (old, ROTATED)
        assert {member for (member,) in rows(brand, "canon", "member")} == {old, other}
        assert "key rotation" in str(brand.explain(NAMES[0], now=LATER))
    with opened(tmp_path) as other_store:
        assert other_store.number(NEW) not in {old, other}


def test_keys_that_are_missing_or_double_are_told(tmp_path: Path) -> None:
    folder(tmp_path, EVERYTHING)
    opened(tmp_path, store=tmp_path / "store").close()
    rotated(tmp_path)
    opened(tmp_path, store=tmp_path / "store").close()
    opened(tmp_path, store=tmp_path / "store").close()
    config = tmp_path / "brand.toml"
    whole = config.read_text(encoding="utf-8")
    key, older = tmp_path / ".siyu" / "key", tmp_path / ".siyu" / "key-1"
    config.write_text(whole.replace(OLDER, "[brand]\n"), encoding="utf-8")
    with pytest.raises(StoreError, match="older_keys"):
        opened(tmp_path, store=tmp_path / "store")
    newest = key.read_text(encoding="ascii")
    key.write_text(older.read_text(encoding="ascii"), encoding="ascii")
    with pytest.raises(StoreError, match="hashed with further keys since"):
        opened(tmp_path, store=tmp_path / "store")
    config.write_text(whole, encoding="utf-8")
    with pytest.raises(UserError, match="among its older_keys"):
        opened(tmp_path, store=tmp_path / "store")
    key.write_text(newest, encoding="ascii")
    opened(tmp_path, store=tmp_path / "store").close()
    older.unlink()
    with pytest.raises(UserError, match="cannot read the secret"):
        opened(tmp_path, store=tmp_path / "store")
