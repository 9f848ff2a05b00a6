"""Files of a shop, as they come out of other systems."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

ORDERS = """订单编号,手机号,下单时间,实付金额,门店名称,订单状态
A1,13800000001,2026-10-01 10:00:00,99.00,一店,已支付
A2,13800000002,2026-10-02 11:30:00,128.50,二店,已支付
A3,13800000001,2026-10-03 09:00:00,15.00,一店,已退款
A3,13800000001,2026-10-03 09:00:00,15.00,一店,已退款
A4,13800000009,2026-10-28 20:15:00,7.25,,已支付
"""

CONTACTS = """外部联系人ID,昵称,手机,添加时间,同意营销,添加人,{备注}
wm1,小一,13800000001,2026-09-01 10:00,granted,s1,
wm2,小二,+86 13800000002,2026-09-02 10:00,withdrawn,s1,
wm3,小三,13800000003,2026-09-03 10:00,,s2,
wm4,小四,,2026-09-04 10:00,granted,s2,
"""

BASKETS = """order_id;customer_id;order_date;sku;qty;amount;consent
O1;7;2026-10-01;T1;2;10.00;yes
O1;7;2026-10-01;T2;1;5.00;yes
O2;8;2026/10/2;T1;1;5.00;no
"""

Write = Callable[..., list[Path]]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write files by name and return their paths."""

    def files(**texts: str) -> list[Path]:
        paths = [tmp_path / f"{name}.csv" for name in texts]
        for path, text in zip(paths, texts.values(), strict=True):
            path.write_text(text, encoding="utf-8")
        return paths

    return files
