"""A basket, and how an amount is taken off its lines exactly."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any, Self

from attrs import frozen

from siyu.config.units import Money
from siyu.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["Basket", "BasketLine", "parted"]

_KEYS = {"sku", "category", "amount"}


@frozen
class BasketLine:
    """One line of a basket.

    Attributes:
        sku: The product.
        amount: What its pieces cost together before coupons, in minor units.
        category: The product's category.
    """

    sku: str
    amount: int
    category: str = ""


@frozen
class Basket:
    """What somebody is about to buy."""

    lines: tuple[BasketLine, ...]

    @classmethod
    def of(cls, rows: object, exponent: int = 2) -> Self:
        """Make a basket of lines such as ``{ sku = "G01", category = "gaiwan", amount = "99.00" }``.

        Args:
            rows: The lines.
            exponent: How many decimals the currency has.

        Raises:
            UserError: A line is none.
        """
        if not isinstance(rows, list) or not rows:
            raise UserError('expected the lines of a basket, as in lines = [{ sku = "G01", amount = "99.00" }]')
        return cls(tuple(_line(row, number, exponent) for number, row in enumerate(rows, 1)))

    @classmethod
    def read(cls, path: Path, exponent: int = 2) -> Self:
        """Read a basket from a file of TOML or JSON, with the key ``lines``.

        Raises:
            UserError: The file cannot be read, or holds no basket.
        """
        try:
            text = path.read_text(encoding="utf-8")
            table = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
        except OSError as error:
            raise UserError(f"cannot read the basket {path}: {error.strerror}") from None
        except ValueError as error:
            raise UserError(f"the basket {path} is no {path.suffix.lstrip('.').upper() or 'TOML'}: {error}") from None
        if not isinstance(table, dict) or set(table) != {"lines"}:
            raise UserError(
                f'the basket {path} holds something else than lines = [{{ sku = "G01", amount = "99.00" }}]'
            )
        return cls.of(table["lines"], exponent)


def _line(row: object, number: int, exponent: int) -> BasketLine:
    if not isinstance(row, dict) or not {"sku", "amount"} <= set(row) <= _KEYS:
        raise UserError(f"line {number} of the basket needs sku and amount, and may have category; it is {row!r}")
    return BasketLine(_text(row, "sku", number), _amount(row, number, exponent), _text(row, "category", number))


def _text(row: Mapping[str, Any], key: str, number: int) -> str:
    value = row.get(key, "")
    if not isinstance(value, str):
        raise UserError(f"line {number} of the basket: {key} is text, not {value!r}")
    return value


def _amount(row: Mapping[str, Any], number: int, exponent: int) -> int:
    try:
        amount = Money.parse(row["amount"], exponent).minor
    except ValueError as error:
        raise UserError(f"line {number} of the basket: {error}") from None
    if amount < 0:
        raise UserError(f"line {number} of the basket: the amount is below 0")
    return amount


def parted(amount: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Part an amount in proportion to weights, to the last minor unit, by the method of the largest remainder.

    Args:
        amount: The amount, from 0 to the sum of the weights.
        weights: What each part is in proportion to; none below 0. Of equal remainders the first gets the unit.

    Returns:
        The parts, which sum to the amount; none is above its weight.
    """
    whole = sum(weights)
    if not whole:
        return tuple(0 for _ in weights)
    parts = [amount * weight // whole for weight in weights]
    by_rest = sorted(range(len(weights)), key=lambda place: (-(amount * weights[place] % whole), place))
    for place in by_rest[: amount - sum(parts)]:
        parts[place] += 1
    return tuple(parts)
