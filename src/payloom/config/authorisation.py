"""Why payments are declined, and how cardholders are authenticated."""

from __future__ import annotations

from payloom.config.section import Section, portion

_DECLINES = "[S] 05 is 30-40 % of declines, 05 and 51 together about 76 %"


class AuthorisationConfig(Section):
    """Genuine declines by cause, as shares of attempts, and 3-D Secure."""

    insufficient_funds_share: float = portion(
        0.023, "Declined 51 or 61 for want of funds", of="attempts", source=_DECLINES
    )
    do_not_honour_share: float = portion(0.005, "Declined 05 with the card present", of="attempts", source=_DECLINES)
    remote_do_not_honour_share: float = portion(
        0.050,
        "Declined 05 with the card not present",
        of="remote attempts",
        source="[S] approval of CNP 85-92 %",
    )
    mistyped_share: float = portion(
        0.012, "Card number, expiry or CVV mistyped: 14, 54, N7", of="remote attempts", source="estimate"
    )
    pin_error_share: float = portion(
        0.004, "PIN tries exceeded or count limit: 75, 65", of="chip payments", source="estimate"
    )
    suspected_share: float = portion(
        0.003, "Honest people taken for fraudsters: 59, 62", of="attempts", source="estimate"
    )
    network_share: float = portion(0.002, "Issuer or network down: 91, 96", of="attempts", source="estimate")
    sca_three_ds_share: float = portion(
        0.80,
        "3-D Secure where the law asks for it (EU, GB)",
        of="online payments",
        source="estimate",
    )
    other_three_ds_share: float = portion(0.15, "3-D Secure elsewhere", of="online payments", source="estimate")
    frictionless_share: float = portion(
        0.64, "Authentications without a challenge", of="3-D Secure payments", source="[S]"
    )
