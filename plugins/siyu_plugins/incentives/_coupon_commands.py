"""``siyu coupons``: the best combination for a basket, and codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import click

from siyu.config.units import Money
from siyu.errors import UserError

if TYPE_CHECKING:
    from siyu import Brand
    from siyu_plugins.incentives._choosing import Usable
    from siyu_plugins.incentives._combining import Choice, Refused
    from siyu_plugins.incentives.coupon import Coupon, CouponItem

__all__ = ["coupons"]

_folder = click.argument("folder", type=click.Path(path_type=Path), default=".")
_incentive = click.option("--incentive", default="", help="Which incentive, where several are of coupons.")
_environment = click.option("--env", "environment", help="Override with env/NAME.toml.", metavar="NAME")
_json = click.option("--json", "machine", is_flag=True, help="Print JSON, for machines.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def coupons() -> None:
    """Find the best coupons for a basket; make and check codes."""


@coupons.command()
@_folder
@click.option(
    "--basket",
    type=click.Path(path_type=Path),
    required=True,
    help='A file of TOML or JSON: lines = [{ sku = "G01", category = "gaiwan", amount = "99.00" }].',
)
@click.option("--member", help="Whose coupons: an outside id, as wecom:wm7.")
@click.option("--code", "codes", multiple=True, help="A code that was typed; may be given more often.")
@click.option("--coupon", "coupons", multiple=True, help="A coupon as if it were held; may be given more often.")
@click.option("--now", help="Decide at this moment instead of now.")
@_incentive
@_environment
@_json
def best(folder: Path, basket: Path, environment: str | None, *, machine: bool, **asked: Any) -> None:  # noqa: ANN401 - the options of click, handed on
    """Tell which coupons give most on a basket, why, and what the others would give."""
    import siyu
    from siyu_plugins.incentives._baskets import Basket
    from siyu_plugins.incentives._choosing import choose

    with siyu.open(folder, environment=environment) as brand:
        read = Basket.read(basket, brand.programme.brand.exponent)
        choice, usable = choose(brand, read, **asked)
        if machine:
            told = {**attrs.asdict(choice), "value": choice.combination.value, "codes": usable.refused}
            click.echo(json.dumps(told, ensure_ascii=False, indent=2))
            return
        for line in _told(choice, usable, brand.programme.brand.exponent):
            click.echo(line)


def _told(choice: Choice, usable: Usable, exponent: int) -> list[str]:
    def money(minor: int) -> str:
        return str(Money(minor, exponent))

    chosen = choice.combination
    told = [f"before coupons  {money(sum(chosen.left) + sum(one.saved for one in chosen.applied))}"]
    for one in chosen.applied:
        adds = f", and adds {one.gift} (worth {money(one.worth)})" if one.gift else ""
        told.append(f"{one.coupon}: takes {money(one.saved)} off {money(one.base)}{adds}")
    told.append(f"to pay          {money(sum(chosen.left))}")
    told += [_why(one, chosen.value, money) for one in choice.refused]
    told += [f"{code}: {reason}" for code, reason in usable.refused.items()]
    return (
        told if choice.exact else [*told, "there are too many combinations to try all: this is the best that was found"]
    )


def _why(one: Refused, value: int, money: Any) -> str:  # noqa: ANN401 - what writes an amount
    if one.short:
        return f"not {one.coupon}: {one.reason}, {money(one.short)} more would do"
    if not one.instead:
        return f"not {one.coupon}: {one.reason}"
    less = f"{money(value - one.value)} less" if value > one.value else "the same"
    return f"not {one.coupon}: {one.reason}; at best {money(one.value)} with {' and '.join(one.instead)}, {less}"


@coupons.command()
@_folder
@click.option("--coupon", "name", required=True, help="The coupon, one with codes.")
@click.option("--file", "path", type=click.Path(path_type=Path), required=True, help="The file: one code a line.")
@click.option("--first", type=click.IntRange(0), default=0, help="The number of the first code, from 0 up.")
@click.option("--count", type=click.IntRange(1), help="How many; all that the coupon has by default.")
@_incentive
@_environment
def codes(
    folder: Path, name: str, path: Path, first: int, count: int | None, incentive: str, environment: str | None
) -> None:
    """Write the codes of a coupon to a file; the same numbers always have the same codes."""
    import siyu

    with siyu.open(folder, environment=environment) as brand:
        offer, item = _coded(brand, incentive, name)
        end = item.codes if count is None else first + count
        if end > item.codes or first >= end:
            raise UserError(f"coupon '{name}' has {item.codes} codes, numbers 0 to {item.codes - 1}; raise its codes")
        made = brand.vouchers(offer.name, name).codes(range(first, end))
        try:
            # As for keys: whoever reads the file can take the coupons.
            path.touch(mode=0o600)
            with path.open("w", encoding="ascii") as file:
                file.writelines(f"{code}\n" for code in made)
        except OSError as error:
            raise UserError(f"cannot write the codes to {path}: {error.strerror}") from None
    click.echo(f"{end - first} codes of {name} in {path}, numbers {first} to {end - 1}")


@coupons.command()
@_folder
@click.option("--code", required=True, help="The code.")
@_incentive
@_environment
def check(folder: Path, code: str, incentive: str, environment: str | None) -> None:
    """Tell which coupon a code is of, and its number."""
    import siyu
    from siyu_plugins.incentives._choosing import coupons_of

    with siyu.open(folder, environment=environment) as brand:
        offer = coupons_of(brand, incentive)
        for name, item in offer.items.items():
            number = brand.vouchers(offer.name, name).number(code) if item.codes else None
            if number is not None and number < item.codes:
                click.echo(f"{name}, number {number}")
                return
    raise UserError("it is no code of a coupon of this brand: look at each letter of it")


def _coded(brand: Brand, incentive: str, name: str) -> tuple[Coupon, CouponItem]:
    from siyu_plugins.incentives._choosing import coupons_of

    offer = coupons_of(brand, incentive)
    item = offer.items.get(name)
    if item is None or not item.codes:
        coded = ", ".join(one for one, each in offer.items.items() if each.codes) or "none"
        raise UserError(f"no coupon '{name}' with codes of its own in {offer.name}; there is: {coded}")
    return offer, item
