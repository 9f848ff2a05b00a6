"""What a column is likely to be, by the words of its header, in Chinese and English."""

from __future__ import annotations

import re

__all__ = ["IDENTITIES", "OPEN", "PERSONAL", "likely"]

_WORDS: dict[str, str] = {
    "wecom": "外部联系人id 外部联系人 企微id 企业微信id external_userid wecom_id wecom",
    "unionid": "unionid union_id",
    "openid": "openid open_id",
    "phone": "手机号 手机号码 手机 联系电话 电话号码 电话 mobile phone phone_number telephone tel cellphone",
    "email": "邮箱 电子邮箱 电子邮件 email e-mail mail email_address",
    "member": "会员号 会员编号 会员卡号 会员id 客户编号 客户id 顾客编号 用户id 用户编号 卡号 "
    "member_id member_no member customer_id customer_no customer user_id card_no household_id",
    "order": "订单号 订单编号 订单id 交易单号 交易号 小票号 流水号 单号 "
    "order_id order_no order_number order receipt receipt_no basket_id transaction_id trade_no",
    "time": "下单时间 下单日期 支付时间 付款时间 成交时间 交易时间 交易日期 订单时间 添加时间 入会时间 入会日期 "
    "注册时间 加入时间 创建时间 时间 日期 ordered_at order_time order_date paid_at paid_time transaction_timestamp "
    "joined_at joined added_at registered_at created_at create_time since timestamp datetime time date",
    "amount": "实付金额 实付 实收金额 实收 支付金额 成交金额 订单金额 总金额 金额 总价 "
    "paid_amount amount_paid net_amount total_amount order_amount amount total sales_value sales revenue",
    "quantity": "数量 件数 商品数量 quantity qty units pieces",
    "place": "门店编号 门店名称 门店 店铺 店名 store_id store_name store shop branch place",
    "staff": "导购 员工 员工id 跟进人 所属员工 添加人 客服 staff staff_id employee follower sales_rep",
    "sku": "商品编码 商品编号 商品id 货号 条码 sku sku_id product_id product item_id upc",
    "category": "品类 类目 分类 商品类别 商品分类 category department",
    "refusal": "退订 是否退订 拒收 unsubscribed unsubscribe opt_out optout",
    "consent": "同意营销 营销同意 是否同意营销 是否同意 同意接收 接收营销 营销授权 授权 同意 "
    "marketing_consent consent opt_in optin agreed subscribed",
    "inviter": "邀请人 推荐人 inviter referrer invited_by",
    "type": "事件类型 行为类型 行为 事件 event_type event action",
    "state": "订单状态 状态 order_status status state",
    "channel": "来源渠道 渠道 来源 渠道码 channel source channel_code",
    "birth_year": "出生年份 birth_year",
    "birthday": "生日 出生日期 birthday birth_date date_of_birth",
    "gender": "性别 gender sex",
    "name": "姓名 昵称 客户名称 会员姓名 备注名 name nickname full_name customer_name",
}
_LEAST = 2

IDENTITIES = ("wecom", "unionid", "openid", "member", "phone", "email")
"""The roles of columns that say who it is, the most lasting first."""

OPEN = ("type", "state", "channel", "consent", "refusal", "gender", "category")
"""The roles of columns whose few values are no secret of a person."""


PERSONAL = (*IDENTITIES, "order", "inviter", "birthday", "name")
"""The roles of columns of which no value is ever shown."""


def _folded(text: str) -> str:
    return re.sub(r"[\s_\-./()（）\[\]:：]+", "", text.lower())


_KNOWN = {role: [_folded(word) for word in words.split()] for role, words in _WORDS.items()}


def likely(header: str) -> dict[str, int]:
    """Return the roles that a header's words stand for, each with a rank: 0 fits best.

    A header that is one of a role's words ranks by the word's place; one that only contains it comes after those.
    """
    text, found = _folded(header), {}
    for role, words in _KNOWN.items():
        if text in words:
            found[role] = words.index(text)
        else:
            inside = [place for place, word in enumerate(words) if _contains(header, text, word)]
            if inside:
                found[role] = 100 + inside[0]
    return found


def _contains(header: str, text: str, word: str) -> bool:
    if not word.isascii():
        return len(word) >= _LEAST and word in text
    parts = [part for part in re.split(r"[^a-z0-9]+", header.lower()) if part]
    return any("".join(parts[start:end]) == word for start in range(len(parts)) for end in range(start + 1, len(parts)))
