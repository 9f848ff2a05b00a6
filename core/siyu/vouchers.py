"""Codes that nobody can guess and nobody has to keep: a number, sealed with the brand's key.

A code holds its own number and a checksum that only the key can make, so that it is verified without a look-up, and
no two numbers have the same code. This is deterministic authenticated encryption with a synthetic initialization
vector (Rogaway and Shrimpton, 'Deterministic Authenticated-Encryption', 2006), AES being both functions: the tag is
made of the number, and the number is masked by what is made of the tag.
"""

from __future__ import annotations

import hmac
from itertools import chain, product
from struct import iter_unpack, pack
from typing import TYPE_CHECKING

from siyu.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cryptography.hazmat.primitives.ciphers import CipherContext

__all__ = ["ALPHABET", "MOST", "Vouchers", "label"]

ALPHABET = "34679ACDEFGHJKMNPQRTVWXY"
"""The letters of a code: without 0 and O, 1 and I and L, 2 and Z, 5 and S, 8 and B, which look like each other."""

MOST = 2**32
"""How many codes one thing can have."""

_GROUP = 4
_GROUPS = 4
_WORDS = len(ALPHABET) ** _GROUP
_NUMBER_BITS = 32
_TAG_BITS = 41
_BATCH = 10_000


def label(incentive: str, item: str) -> str:
    """Return the label of an item's codes, which no two items share."""
    return f"{len(incentive)}/{incentive}/{item}"


class Vouchers:
    """The codes of one thing, as of one coupon: 16 letters in groups of 4, of a number from 0 up.

    A code of made-up letters is valid with a probability of n / 24^16 where n codes were issued: 1 in 10^16 for a
    million.
    """

    def __init__(self, key: str, label: str) -> None:
        """Derive the keys of one label from the brand's."""
        self._tagging = _function(key, f"voucher tag|{label}")
        self._masking = _function(key, f"voucher mask|{label}")
        self._groups: tuple[str, ...] = ()

    def codes(self, numbers: range) -> Iterator[str]:
        """Yield the code of each number, in order.

        Raises:
            UserError: A number is below 0, or not below ``MOST``.
        """
        if numbers and not 0 <= min(numbers) <= max(numbers) < MOST:
            raise UserError(f"codes have numbers from 0 to {MOST - 1}, not {numbers[0]} to {numbers[-1]}")
        for start in range(0, len(numbers), _BATCH):
            yield from self._sealed(numbers[start : start + _BATCH])

    def number(self, text: str) -> int | None:
        """Return the number of a code, however it is spaced and cased; None where the key did not make it."""
        sealed = _parsed(text)
        if sealed is None:
            return None
        tag = sealed >> _NUMBER_BITS
        number = (sealed ^ self._mask([tag])[0]) % MOST
        expected = self._tag([number])[0]
        return number if hmac.compare_digest(_bytes(tag), _bytes(expected)) else None

    def _sealed(self, numbers: range) -> Iterator[str]:
        self._groups = self._groups or tuple(map("".join, product(ALPHABET, repeat=_GROUP)))
        words, tags = self._groups, self._tag(numbers)
        for number, tag, mask in zip(numbers, tags, self._mask(tags), strict=True):
            sealed = (tag << _NUMBER_BITS) | (number ^ mask)
            left, right = divmod(sealed, _WORDS * _WORDS)
            first, second = divmod(left, _WORDS)
            third, fourth = divmod(right, _WORDS)
            yield f"{words[first]}-{words[second]}-{words[third]}-{words[fourth]}"

    def _tag(self, numbers: range | list[int]) -> list[int]:
        return [word >> (64 - _TAG_BITS) for word in _words(self._tagging, numbers)]

    def _mask(self, tags: list[int]) -> list[int]:
        return [word >> (64 - _NUMBER_BITS) for word in _words(self._masking, tags)]


def _function(key: str, label: str) -> CipherContext:
    """Return a function of blocks that is random to all who do not have the key."""
    # Here, and not on top: the command starts without it.
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import ECB

    derived = hmac.digest(key.encode(), label.encode(), "sha256")
    return Cipher(AES(derived), ECB()).encryptor()  # noqa: S305 - each block is the argument of a function, not a text


def _words(function: CipherContext, numbers: range | list[int]) -> list[int]:
    """Return the first 64 bits of what the function makes of each number."""
    blocks = pack(f">{2 * len(numbers)}Q", *chain.from_iterable((0, number) for number in numbers))
    return [first for first, _ in iter_unpack(">QQ", function.update(blocks))]


def _parsed(text: str) -> int | None:
    letters = "".join(text.upper().replace("-", " ").split())
    if len(letters) != _GROUP * _GROUPS or not set(letters) <= set(ALPHABET):
        return None
    sealed = 0
    for letter in letters:
        sealed = sealed * len(ALPHABET) + ALPHABET.index(letter)
    return sealed if sealed < 1 << (_NUMBER_BITS + _TAG_BITS) else None


def _bytes(tag: int) -> bytes:
    return tag.to_bytes(8, "big")
