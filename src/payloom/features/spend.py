"""How much in every window: sums, means and maxima for payers, cards, devices, addresses and merchants."""

from __future__ import annotations

from typing import Final

from payloom.features.activity import USUAL_MONEY, every_money

SPEND: Final = (
    *every_money("customer_id", "customer", USUAL_MONEY),
    *every_money("card_id", "card", USUAL_MONEY),
    *every_money("merchant_id", "merchant"),
    *every_money("device_id", "device"),
    *every_money("ip_address", "ip"),
)
