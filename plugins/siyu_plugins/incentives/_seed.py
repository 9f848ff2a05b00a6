"""Chance that anybody can check: whole numbers out of a secret seed, by SHA-256 alone.

The k-th number (from 0) below n is the SHA-256 of the text ``SEED:NAME:k``, in UTF-8, read as one big-endian integer
of 256 bits, modulo n. NAME keeps what two incentives draw from one seed apart. The commitment of a seed is the SHA-256
of its own text, in hexadecimal: who has published it can take no other seed later.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from siyu.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from siyu.config.units import Secret

__all__ = ["commitment", "numbers", "revealed"]


def numbers(seed: str, name: str, count: int, below: int) -> list[int]:
    """Return the first numbers of a seed and a name, each from 0 to ``below`` - 1."""
    texts = (f"{seed}:{name}:{place}" for place in range(count))
    return [int.from_bytes(sha256(text.encode()).digest(), "big") % below for text in texts]


def commitment(seed: str) -> str:
    """Return what is published of a seed before it is used."""
    return sha256(seed.encode()).hexdigest()


def revealed(seed: Secret, folder: Path, committed: str, where: str) -> str:
    """Return a seed, after a look whether it is the one that was committed to.

    Raises:
        UserError: It cannot be read, or is another one; ``where`` says whose it is, as in ``incentive.golden-cup``.
    """
    text = seed.reveal(folder)
    if commitment(text) != committed:
        message = f"{where}: the seed {seed} is not the one of the commitment {committed}; bring that one back"
        raise UserError(message)
    return text
