"""Addresses are kept apart, encrypted, for channels that need them, and can be erased."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st
from tests.brands import HEAD, folder, happened, opened, rows

import siyu
from siyu.addresses import Vault, revealed
from siyu.errors import StoreError
from siyu.hooks import hookimpl
from siyu.kinds import Channel, Message, Receipt

KEY = "0123456789abcdef" * 4
TOML = HEAD + '[channel.text]\nuse = "texts"\n'
PHONE, LATER = "phone:138 0013 8000", "+8613900139000"


@frozen(kw_only=True)
class Texts(Channel):
    """Sends text messages."""

    address: ClassVar[str] = "phone"

    def send(self, messages: Sequence[Message]) -> Iterable[Receipt]:
        raise NotImplementedError


class Plugin:
    @hookimpl
    def siyu_register_channels(self) -> dict[str, type[Channel]]:
        return {"texts": Texts}


def brand_of(path: Path, toml: str = TOML) -> siyu.Brand:
    return opened(folder(path, toml), plugins={"texts": Plugin()})


def facts(*names: str) -> list[dict[str, object]]:
    return [happened("x", "viewed", "2026-11-12T01:00", name) | {"identity": name} for name in names]


def reached(brand: siyu.Brand, *members: str) -> dict[int, str]:
    with brand.store.opened() as session:
        return revealed(brand.view(session, 0), session.vault, "phone", [brand.number(one) for one in members])


def test_only_what_a_channel_needs_is_kept_and_unreadable(tmp_path: Path) -> None:
    with brand_of(tmp_path) as brand:
        done = brand.ingest(facts(PHONE, "phone:+8613800138000", "email:ann@x.org", "wecom:a"))
        assert done.counts["addresses"] == 1
        ((member, kind, value),) = rows(brand, "addresses", "member", "kind", "value")
        assert (member, kind) == (brand.number(PHONE), "phone")
        assert "13800138000" not in value
        assert brand.ingest(facts(PHONE)).counts.get("addresses", 0) == 0
        assert reached(brand, PHONE, "wecom:a") == {member: "+8613800138000"}
    with brand_of(tmp_path, HEAD) as brand:
        brand.ingest(facts(PHONE))
        assert not rows(brand, "addresses")


def test_a_fact_that_is_known_gives_its_address_to_a_channel_that_is_new(tmp_path: Path) -> None:
    folder(tmp_path, HEAD)
    store = tmp_path / "store"
    with opened(tmp_path, store=store) as brand:
        brand.ingest(facts(PHONE))
    folder(tmp_path, TOML)
    with opened(tmp_path, store=store, plugins={"texts": Plugin()}) as brand:
        assert brand.ingest(facts(PHONE)).counts == {"addresses": 1, "events": 0, "rejects": 0}
        assert reached(brand, PHONE) == {brand.number(PHONE): "+8613800138000"}


def test_addresses_are_handed_in_and_follow_who_is_one_person(tmp_path: Path) -> None:
    with brand_of(tmp_path) as brand:
        given = [{"identity": "wecom:a", "kind": "Phone", "value": " 139 0013 9000"}]
        wrong = [
            {"identity": "wecom:a", "kind": "phone", "value": "1"},
            {"identity": "a", "kind": "phone", "value": "1"},
        ]
        done = brand.ingest([*given, *wrong], table="addresses", now="2026-11-12T10:00")
        assert (done.counts["addresses"], done.counts["rejects"]) == (1, 2)
        assert brand.ingest(given, table="addresses", now="2026-11-12T10:00").counts.get("addresses", 0) == 0
        assert reached(brand, "wecom:a", "wecom:b") == {brand.number("wecom:a"): LATER}
        brand.link("wecom:b", "wecom:a", evidence="till")
        assert reached(brand, "wecom:b") == {brand.number("wecom:b"): LATER}
        brand.ingest(facts(PHONE))
        brand.link("wecom:b", PHONE, evidence="till")
        assert set(reached(brand, "wecom:a", PHONE).values()) == {"+8613800138000"}
        brand.unmerge("wecom:b", PHONE, by="lin", why="slip")
        assert reached(brand, "wecom:a") == {brand.number("wecom:a"): LATER}


def test_what_is_erased_is_gone(tmp_path: Path) -> None:
    with brand_of(tmp_path) as brand:
        brand.ingest(facts(PHONE, f"phone:{LATER}", "wecom:a"))
        brand.link("wecom:a", PHONE, evidence="till")
        brand.erase_addresses("wecom:a")
        assert rows(brand, "addresses", "member") == [(brand.number(f"phone:{LATER}"),)]
        assert reached(brand, "wecom:a", PHONE, f"phone:{LATER}") == {brand.number(f"phone:{LATER}"): LATER}


def test_an_older_key_opens_what_it_closed(tmp_path: Path) -> None:
    old, both = Vault([KEY]), Vault([KEY, "b" * 64])
    stored = old.sealed(7, "phone", LATER)
    assert both.opened(7, "phone", stored) == LATER
    assert both.sealed(7, "phone", LATER) != stored
    with pytest.raises(StoreError, match="older_keys"):
        old.opened(7, "phone", both.sealed(7, "phone", LATER))
    assert tmp_path.exists()


@given(
    address=st.text(min_size=1), other=st.text(min_size=1), member=st.integers(0, 2**62 - 1), key=st.text(min_size=1)
)
def test_only_the_same_is_the_same_and_no_row_can_be_moved(address: str, other: str, member: int, key: str) -> None:
    vault = Vault([key])
    stored = vault.sealed(member, "phone", address)
    assert vault.opened(member, "phone", stored) == address
    assert (vault.sealed(member, "phone", other) == stored) == (address == other)
    assert vault.sealed(member + 1, "phone", address) != stored
    for where in ((member + 1, "phone"), (member, "email")):
        with pytest.raises(StoreError, match="was changed"):
            vault.opened(*where, stored)
