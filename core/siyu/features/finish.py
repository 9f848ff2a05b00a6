"""What features are, from the state that they are kept in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siyu.config.features import Feature
    from siyu.kinds import Frame

__all__ = ["finished"]

_TYPES = {"day": nw.Int32(), "text": nw.String(), "real": nw.Float64()}


def finished(state: Frame, features: Mapping[str, Feature], today: int) -> Frame:
    """Return member and one column a feature; those are left out that the state does not have yet."""
    known = set(state.collect_schema().names())
    values = {name: _value(name, one, today) for name, one in features.items() if _first(name, one) in known}
    typed = (values[name].cast(_TYPES.get(features[name].type, nw.Int64())).alias(name) for name in values)
    return state.select("member", *typed)


def _first(name: str, feature: Feature) -> str:
    parts = {"mean": "sum", "share": "part", "rate": "part", "trend": "later", "last": "day", "days_since": "day"}
    part = parts.get(feature.aggregate)
    return f"{name}:{part}" if part else name


def _value(name: str, feature: Feature, today: int) -> nw.Expr:
    match feature.aggregate:
        case "mean":
            return _mean(nw.col(f"{name}:sum"), nw.col(f"{name}:n"), whole=feature.type != "real")
        case "share" | "rate":
            return _ratio(nw.col(f"{name}:part"), nw.col(f"{name}:whole"))
        case "trend":
            # The whole window is both halves.
            return nw.col(f"{name}:later") * 2 - nw.col(f"{name}:whole")
        case "last":
            return _last(name, feature, today)
        case "days_since":
            return nw.lit(today, nw.Int64) - _last(name, feature, today)
    return nw.col(name)


def _last(name: str, feature: Feature, today: int) -> nw.Expr:
    day = nw.col(f"{name}:day")
    return day if feature.days is None else nw.when(day > today - feature.days).then(day).otherwise(None)


def _ratio(part: nw.Expr, whole: nw.Expr) -> nw.Expr:
    return part.cast(nw.Float64) / nw.when(whole != 0).then(whole).otherwise(None).cast(nw.Float64)


def _mean(amount: nw.Expr, number: nw.Expr, *, whole: bool) -> nw.Expr:
    if not whole:
        return _ratio(amount, number)
    return amount // nw.when(number > 0).then(number).otherwise(None)
