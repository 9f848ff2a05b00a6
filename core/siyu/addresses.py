"""Where members can be reached: kept apart from all else, encrypted with the brand's key, and erasable."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING

import narwhals as nw

from siyu.components import component, together
from siyu.errors import StoreError
from siyu.frames import cast_like
from siyu.keys import fingerprint
from siyu.kinds import Channel
from siyu.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from siyu.config.programme import Programme
    from siyu.kinds import Frame
    from siyu.stores.session import Session
    from siyu.stores.writing import Writer
    from siyu.view import View
    from siyu.work import Work

__all__ = ["Vault", "erase", "keep_addresses", "needed", "revealed"]

_SCHEMA = TABLES["addresses"].columns
_NONCE = 12


class Vault:
    """Encrypts addresses with AES-256-GCM, under a key that is derived from the brand's newest one.

    The nonce is a keyed hash of all that is encrypted, so that the same address of the same member is the same text
    and is kept once, and no nonce is used for two texts. Member and kind are authenticated with it: a text that is
    moved to another row does not open.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        """Take the brand's keys, the newest last."""
        self._keys = {fingerprint(key): key for key in keys}
        self._newest = fingerprint(keys[-1])

    @cached_property
    def _ciphers(self) -> Mapping[str, AESGCM]:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return {name: AESGCM(_derived(key, "encryption")) for name, key in self._keys.items()}

    @cached_property
    def _nonces(self) -> bytes:
        return _derived(self._keys[self._newest], "nonces")

    def sealed(self, member: int, kind: str, address: str) -> str:
        """Return an address as it is stored: which key it is under, and the encrypted text."""
        bound, text = _bound(member, kind), address.encode()
        nonce = hmac.digest(self._nonces, bound + text, sha256)[:_NONCE]
        hidden = self._ciphers[self._newest].encrypt(nonce, text, bound)
        return f"{self._newest}.{urlsafe_b64encode(nonce + hidden).decode()}"

    def opened(self, member: int, kind: str, stored: str) -> str:
        """Return the address that was stored.

        Raises:
            StoreError: The key that it is under is not among the brand's, or the row was changed.
        """
        from cryptography.exceptions import InvalidTag

        name, _, text = stored.partition(".")
        if name not in self._ciphers:
            raise StoreError("an address is under a key that is not given; name it in [brand] older_keys")
        whole = urlsafe_b64decode(text)
        try:
            return self._ciphers[name].decrypt(whole[:_NONCE], whole[_NONCE:], _bound(member, kind)).decode()
        except InvalidTag:
            raise StoreError(f"the address of member {member} was changed in the store; hand it in again") from None


def _derived(key: str, use: str) -> bytes:
    return hmac.digest(key.encode(), f"siyu addresses: {use}".encode(), sha256)


def _bound(member: int, kind: str) -> bytes:
    return f"{member}|{kind}|".encode()


def needed(programme: Programme) -> list[str]:
    """Return the kinds of outside ids that the config's channels send to: only these are kept in the clear."""
    return sorted({channel.address for channel in programme.of(Channel)} - {""})


def keep_addresses(work: Work, given: Frame, *, own: bool) -> None:
    """Stage the addresses that are not known yet, of the kinds that are needed.

    Args:
        work: The pass.
        given: member (a raw id), kind, address, both in their one form.
        own: Whether each is the outside id of its member itself, so that there is one of the kind and no other;
            one that was handed in as an address counts before it.
    """
    raw, engine = work.view.raw["addresses"], work.session.engine
    asked = given.filter(nw.col("kind").is_in(needed(work.programme))).select("member", "kind", "address").unique()
    if own:
        asked = asked.join(raw.select("member", "kind"), on=["member", "kind"], how="anti")
    rows = sorted(engine.rows(asked))
    if not rows:
        return
    sealed = [work.session.vault.sealed(*row) for row in rows]
    columns = dict(zip(_SCHEMA, (*list(zip(*rows, strict=True))[:2], sealed), strict=True))
    new = engine.frame(columns, _SCHEMA).join(raw.select(*_SCHEMA), on=list(_SCHEMA), how="anti")
    work.count("addresses", work.stage("addresses", new.sort("member", "kind", "value")))


def revealed(
    view: View, vault: Vault, kind: str, members: Collection[int], useless: Mapping[int, int] | None = None
) -> dict[int, str]:
    """Return where members can be reached, for a channel that sends: by member, those without an address left out.

    Of several addresses of a person the one that was kept last is taken. Nothing but a channel's delivery asks.

    Args:
        view: The view.
        vault: The session's.
        kind: What the channel sends to: see ``Channel.address``.
        members: The members, as in ``touches``.
        useless: By member, up to which ``seq`` no address is of use: see ``siyu.bounces.useless``.
    """
    asked = view.table({"member": sorted(members)}, {"member": nw.Int64()})
    persons = view.keep(view.resolve(asked.with_columns(person=nw.col("member")), "person"))
    ids = together(view.raw["canon"], asked)
    ids = view.resolve(ids.with_columns(person=nw.col("member")), "person")
    stored = view.raw["addresses"].filter(nw.col("kind") == kind).join(ids, on="member")
    rows, gone = sorted(view.rows(stored.select("seq", "person", "member", "value"))), useless or {}
    newest = {person: (member, value) for seq, person, member, value in rows if seq > gone.get(person, 0)}
    found = {member: newest.get(person) for member, person in view.rows(persons.select("member", "person"))}
    return {member: vault.opened(last[0], kind, last[1]) for member, last in found.items() if last is not None}


def erase(session: Session, writer: Writer, view: View, member: int) -> None:
    """Delete all addresses of a person: the one exception to logs that only grow."""
    _, ids = component(view, member)
    gone = session.engine.frame({"member": ids}, {"member": nw.Int64()})
    none = cast_like(session.table("addresses").head(0), TABLES["addresses"].schema)
    writer.merge("addresses", gone, none)
