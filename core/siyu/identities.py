"""Outside ids in their one form, and the members that they stand for: hashed with the key under which they came."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, TypeGuard

import narwhals as nw

from siyu.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from siyu.engine import Engine
    from siyu.kinds import Frame
    from siyu.stores.session import Session

__all__ = [
    "BAD",
    "is_text",
    "looked_up",
    "named",
    "normal",
    "normalised",
    "numbered",
    "numbers",
    "plain",
    "unmarked",
    "written",
]

BAD = "bad:"
"""What the column is named by that says what is wrong with an id, before the name of the id's own column."""

_NAMED = "expected kind:value, as in phone:+8613800000000"
# In its one form already, unless it is a phone number or an address: small letters, and a value without white space.
_PLAIN = r"^[a-z0-9_-]+:[!-~]+$"
# Mobile numbers of China and plain addresses are most of what else comes in.
_MOBILE = r"1(?:[38][0-9]|4[57]|[59][0-35-9]|6[25-7]|7[0-35-8])[0-9]{8}"
_EMAIL = r"[a-z0-9_+-]{1,64}(?:\.[a-z0-9_+-]{1,64}){0,3}@(?:[a-z0-9]{1,24}(?:-[a-z0-9]{1,24}){0,2}\.){1,3}[a-z]{2,12}"
_COMMON = f"^(?:phone:\\+86{_MOBILE}|email:{_EMAIL})$"
# What an expression can bring into that form.
_AT_HOME = f"^phone:{_MOBILE}$"
_CAPITALS = f"^email:{_EMAIL}$".replace("a-z", "A-Za-z")
_NORMAL = re.compile(f"(?!phone:|email:){_PLAIN[1:-1]}|{_COMMON[1:-1]}")
_IDENTITY = re.compile(r"([A-Za-z0-9_-]+)\s*:\s*(.+)", re.DOTALL)
_LOCAL = re.compile(r'[^\s@"(),:;<>\[\\\]\x00-\x1f]+')
_DOMAIN = re.compile(r"(?:\w+(?:-+\w+)*\.)+\w+(?:-+\w+)*")
_LONGEST = 254


def normal(identity: str, region: str = "") -> str:
    """Return an outside id in its one form.

    ``phone`` becomes E.164 by the numbering plans that ``phonenumbers`` knows: ``138 0013 8000``, the same in
    full-width digits, and ``+86 138-0013-8000`` are one number. ``email`` is folded to small letters as a whole, the
    part before the ``@`` too: people write both ``Ann@`` and ``ann@``, and no provider of note tells them apart; dots
    and what follows a ``+`` are kept. Every other kind, as ``wecom``, ``wechat`` and ``openid``, keeps its case, which
    platforms tell apart. White space around it goes, and the kind is written in small letters.

    Args:
        identity: The id, as ``kind:value``.
        region: The region whose numbers are written without a country's code, as ``CN``; empty for none.

    Raises:
        ValueError: It is no outside id, no phone number or no e-mail address; the words say what was expected.
    """
    if _NORMAL.fullmatch(identity):
        return identity
    match = _IDENTITY.fullmatch(identity.strip())
    if match is None:
        raise ValueError(_NAMED)
    kind, value = match[1].lower(), match[2].strip()
    if kind == "phone":
        value = _phone(value, region)
    elif kind == "email":
        value = _email(value)
    return f"{kind}:{value}"


def _phone(text: str, region: str) -> str:
    import phonenumbers

    try:
        number = phonenumbers.parse(text, region or None)
    except phonenumbers.NumberParseException as error:
        short = "+" not in text and error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE
        where = "; one without its country's code needs [brand] region, as in 'CN'" if short else ""
        raise ValueError(f"no phone number, as in phone:+8613800000000{where}") from error
    if not phonenumbers.is_valid_number(number):
        raise ValueError(f"no number of the plan of +{number.country_code}, as in phone:+8613800000000")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _email(text: str) -> str:
    address = unicodedata.normalize("NFKC", text).casefold()
    local, _, domain = address.rpartition("@")
    fits = _LOCAL.fullmatch(local) and _DOMAIN.fullmatch(domain) and len(address) <= _LONGEST
    if not fits or local != local.strip(".") or ".." in local:
        raise ValueError("no e-mail address, as in email:ann@example.com")
    return address


def is_text(member: str | int) -> TypeGuard[str]:
    """Whether somebody is named by an outside id, and not by a number."""
    return isinstance(member, str) and not member.isdigit()


def written(identity: str, region: str = "") -> str:
    """Return an id that a person wrote in its one form: see ``normal``.

    Raises:
        UserError: It is none.
    """
    try:
        return normal(identity, region)
    except ValueError as error:
        message = f"'{identity}' is no member: {error}; write an outside id as in wecom:wm7… or phone:+86…, or a number"
        raise UserError(message) from None


def normalised(engine: Engine, frame: Frame, column: str, region: str) -> Frame:
    """Write a column of outside ids in their one form, and add ``bad:COLUMN``: what is wrong with one, else null.

    What is in that form already is told by an expression and left alone; of the rest each id is looked at once. One
    that is wrong or missing stays as it is.
    """
    bad, rest = f"{BAD}{column}", engine.keep(_unusual(frame, column).unique())
    if not engine.some(rest):
        return unmarked(frame, column)
    # An id that is missing meets no other in a join.
    both = frame.with_columns(__raw=nw.col(column).fill_null("")).join(
        _told(engine, rest, bad, region), on="__raw", how="left"
    )
    return both.with_columns(nw.coalesce("__normal", column).alias(column)).drop("__raw", "__normal")


def unmarked(frame: Frame, column: str) -> Frame:
    """Add ``bad:COLUMN`` to a column of ids that are all in their one form: null."""
    return frame.with_columns(nw.lit(None).cast(nw.String).alias(f"{BAD}{column}"))


def plain(engine: Engine, frame: Frame, columns: Iterable[str]) -> bool:
    """Return whether all ids of some columns are in their one form, as an expression tells."""
    return not any(engine.some(_unusual(frame, column)) for column in columns)


def _unusual(frame: Frame, column: str) -> Frame:
    """Return the ids that an expression does not see to be in their one form: __raw."""
    raw = nw.col("__raw")
    told = raw.str.starts_with("phone:") | raw.str.starts_with("email:")
    rest = frame.select(__raw=nw.col(column).fill_null("")).filter(~raw.str.contains(_PLAIN) | told)
    return rest.filter(~raw.str.contains(_COMMON))


def _told(engine: Engine, texts: Frame, bad: str, region: str) -> Frame:
    """Return texts in their one form: __raw, __normal, and what is wrong with one. Few forms need no look at each."""
    raw, home = nw.col("__raw"), nw.lit(region == "CN") & nw.col("__raw").str.contains(_AT_HOME)
    mobile = nw.concat_str(nw.lit("phone:+86"), raw.str.replace_all("^phone:", ""))
    small = nw.when(raw.str.contains(_CAPITALS)).then(raw.str.to_lowercase()).otherwise(None)
    quick = engine.keep(texts.with_columns(__normal=nw.when(home).then(mobile).otherwise(small)))
    sure = quick.filter(~nw.col("__normal").is_null()).with_columns(nw.lit(None).cast(nw.String).alias(bad))
    rest = engine.rows(quick.filter(nw.col("__normal").is_null()).select("__raw"))
    schema = {name: nw.String() for name in ("__raw", "__normal", bad)}
    found = [_judged(one, region) for (one,) in rest]
    columns = zip(*found, strict=True) if found else ((), (), ())
    judged = engine.frame(dict(zip(schema, columns, strict=True)), schema)
    return engine.keep(nw.concat([sure.select(*schema), judged.select(*schema)]))


def _judged(identity: str, region: str) -> tuple[str, str | None, str | None]:
    try:
        return identity, normal(identity, region), None
    except ValueError as error:
        return identity, None, str(error)


def named(engine: Engine, known: Frame, frame: Frame, column: str, name: str) -> Frame:
    """Add the raw id of each outside id of a column, null for null: a hash with the newest of the brand's keys.

    One that came before under an older key keeps the id that it has.

    Args:
        engine: The engine.
        known: The log ``identities``.
        frame: The rows.
        column: The column of outside ids in their one form.
        name: The new column.
    """
    newest = engine.versions - 1
    if not newest:
        return engine.hashed(frame, [column], name)
    texts = frame.filter(~nw.col(column).is_null()).select(column).unique()
    for version in range(newest):
        before = known.select("value", member="member").rename({"value": f"__{version}", "member": f"__of_{version}"})
        texts = engine.hashed(texts, [column], f"__{version}", version).join(before, on=f"__{version}", how="left")
    texts = engine.hashed(texts, [column], name, newest)
    chosen = nw.coalesce(*(f"__of_{version}" for version in range(newest)), name).alias(name)
    return frame.join(engine.keep(texts.select(column, chosen)), on=column, how="left")


def looked_up(engine: Engine, known: Frame, frame: Frame, column: str, name: str, region: str) -> Frame:
    """Add the raw id of each outside id of a column, in whatever form it is written; null where it is none."""
    told = normalised(engine, frame.with_columns(nw.col(column).alias("__id")), "__id", region)
    found = named(engine, known, told, "__id", name)
    good = nw.when(nw.col(f"{BAD}__id").is_null() & ~nw.col("__id").is_null()).then(nw.col(name)).otherwise(None)
    return found.with_columns(good.cast(nw.Int64).alias(name)).drop("__id", f"{BAD}__id")


def numbers(engine: Engine, known: Frame, texts: Sequence[str], region: str) -> Frame:
    """Return the raw ids of outside ids that a config names: member."""
    frame = engine.frame({"identity": list(texts)}, {"identity": nw.String()})
    return looked_up(engine, known, frame, "identity", "member", region).select("member")


def numbered(session: Session, identity: str) -> int:
    """Return the raw id of one outside id in its one form: see ``named``."""
    frame = session.engine.frame({"identity": [identity]}, {"identity": nw.String()})
    found = named(session.engine, session.table("identities"), frame, "identity", "member")
    number: int = session.engine.rows(found.select("member"))[0][0]
    return number
