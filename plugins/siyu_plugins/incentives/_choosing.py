"""Which coupons somebody could use on a basket, and which of them they should."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
from attrs import define, field

from siyu.errors import UserError
from siyu_plugins.incentives._combining import best
from siyu_plugins.incentives._discounts import Discount
from siyu_plugins.incentives.coupon import Coupon

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from siyu import Brand
    from siyu_plugins.incentives._baskets import Basket
    from siyu_plugins.incentives._combining import Choice

__all__ = ["Usable", "choose", "coupons_of"]


@define
class Usable:
    """The coupons that can be used.

    Attributes:
        rules: What they give, by name.
        held: How many of each there are; one where it is not named.
        refused: The codes that are none, with the reason.
    """

    rules: dict[str, Discount] = field(factory=dict)
    held: dict[str, int] = field(factory=dict)
    refused: dict[str, str] = field(factory=dict)


def coupons_of(brand: Brand, incentive: str = "") -> Coupon:
    """Return the brand's incentive of coupons; it need not be named where there is one.

    Raises:
        UserError: There is none, or there are several and none is named.
    """
    found = {one.name: one for one in brand.programme.components["incentive"] if isinstance(one, Coupon)}
    if incentive in found:
        return found[incentive]
    if incentive or len(found) != 1:
        known = ", ".join(sorted(found)) or "none"
        raise UserError(f"say which incentive of coupons is meant with --incentive; there is: {known}")
    return next(iter(found.values()))


def choose(
    brand: Brand,
    basket: Basket,
    *,
    incentive: str = "",
    member: str | int | None = None,
    codes: Iterable[str] = (),
    coupons: Iterable[str] = (),
    now: int | str | None = None,
) -> tuple[Choice, Usable]:
    """Return the best combination of coupons for a basket, and what there was to choose from.

    To choose from are the open coupons without a code, what the member holds, what the codes are of, and the coupons
    that are named.

    Args:
        brand: The brand.
        basket: The basket.
        incentive: The incentive of coupons, where there are several.
        member: An outside id of the member, or their number; None for none.
        codes: The codes that they typed.
        coupons: Coupons as if they were held, by name.
        now: The moment.

    Raises:
        UserError: There is no such coupon, or the member is no id.
    """
    offer = coupons_of(brand, incentive)
    usable = Usable()
    for name, item in offer.items.items():
        if item.open and not item.code:
            usable.rules[name] = item
    for name in coupons:
        _add(usable, offer, _known(offer, name))
    for code in codes:
        _take(brand, usable, offer, code, now)
    if member is not None:
        for name, pieces in _held(brand, offer, member, now).items():
            _add(usable, offer, name, pieces)
    return best(usable.rules, basket, usable.held), usable


def _known(offer: Coupon, name: str) -> str:
    if name not in offer.items:
        raise UserError(f"no coupon '{name}' in {offer.name}; there are {', '.join(offer.items)}")
    return name


def _add(usable: Usable, offer: Coupon, name: str, pieces: int = 1) -> None:
    usable.rules[name] = offer.items[name]
    usable.held[name] = usable.held.get(name, 0) + pieces


def _take(brand: Brand, usable: Usable, offer: Coupon, code: str, now: int | str | None) -> None:
    """Add the coupon that a code is of, or say why there is none."""
    for name, item in offer.items.items():
        shared = bool(item.code) and item.code.casefold() == code.strip().casefold()
        number = brand.vouchers(offer.name, name).number(code) if item.codes else None
        if number is not None and number < item.codes and _taken(brand, offer, name, number, now):
            usable.refused[code] = "the code was used before"
            return
        if shared or (number is not None and number < item.codes):
            _add(usable, offer, name)
            return
    usable.refused[code] = "it is no code of a coupon: look at each letter of it"


def _taken(brand: Brand, offer: Coupon, name: str, number: int, now: int | str | None) -> bool:
    with brand.viewing(now) as view:
        mine = view.grants.filter(nw.col("incentive") == offer.name, nw.col("item") == name)
        lines = mine.filter(nw.col("lot") == f"code:{number}", nw.col("kind") == "granted")
        return bool(view.rows(lines.select("id").head(1)))  # portable: a command looks at one code


def _held(brand: Brand, offer: Coupon, member: str | int, now: int | str | None) -> Mapping[str, int]:
    with brand.viewing(now) as view:
        raw = view.table({"member": [brand.number(member)]}, {"member": nw.Int64()})
        mine = offer.held(view).join(view.resolve(raw), on="member", how="semi")
        return dict(view.rows(mine.select("item", "pieces")))  # portable: a command shows what one member holds
