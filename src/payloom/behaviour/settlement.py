"""How it is paid: card, entry mode, terminal, device and network, and the issuer's answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.authorisation import (
    EXPIRED,
    NO_SUCH_CARD,
    PRESENT,
    REMOTE,
    REMOTE_SCA,
    RESTRICTED,
    SCA_COUNTRIES,
    STORED,
    WITH_PIN,
    Authorisation,
)
from payloom.behaviour.choice import Choice
from payloom.behaviour.present import PIN, Present
from payloom.behaviour.pricing import COUNTRY_CURRENCY
from payloom.behaviour.remote import Remote
from payloom.behaviour.rows import NULL, Rows
from payloom.codes import CHANNEL, COUNTRY, DEVICE_TYPE, ENTRY_MODE, THREE_DS
from payloom.plan.clock import LocalTime
from payloom.plan.periods import DAY_US
from payloom.streams.hashing import derive, high, low, threshold32
from payloom.world.cards import GENERATIONS
from payloom.world.merchants import CASH_TRADE
from payloom.world.model import Model
from payloom.world.reissues import Reissues

I64 = NDArray[np.int64]
Code = NDArray[np.int8]

IN_STORE, ONLINE, ATM, MOTO, APP = (np.int8(CHANNEL.index(c)) for c in ("in_store", "online", "atm", "moto", "app"))
MANUAL, ECOMMERCE, ON_FILE = (np.int8(ENTRY_MODE.index(m)) for m in ("manual", "ecommerce", "credential_on_file"))
NO_THREE_DS = np.int8(THREE_DS.index("none"))
WEB = np.int8(DEVICE_TYPE.index("web"))

APP_SHARE = 0.42
"""Share of remote payments on a phone or tablet that a merchant's app makes (estimate)."""

UNAWARE_DAYS, UNAWARE_SHARE = 3, 0.25
"""Days after a block on which the owner may still try the old card, and in which share of payments (estimate): not
everybody reads the bank's message."""

MOTO_SHARE = 0.012
"""Share of remote payments by mail or telephone order (estimate)."""


@dataclass(frozen=True)
class Settlement:
    """Functions that finish payments.

    Attributes
    ----------
    present, remote, authorisation
        See their classes.
    strict
        Whether a country asks for strong customer authentication.
    reissues
        Cards that were blocked and replaced.
    """

    model: Model
    present: Present
    remote: Remote
    authorisation: Authorisation
    strict: NDArray[np.bool_]
    reissues: Reissues

    @classmethod
    def of(cls, model: Model, reissues: Reissues) -> Settlement:
        """Prepare the tables."""
        strict = np.array([code in SCA_COUNTRIES for code in COUNTRY])
        return cls(model, Present.of(model), Remote.of(model), Authorisation.of(model), strict, reissues)

    def settle(self, clock: LocalTime, choice: Choice, *, updated: bool = False) -> Rows:
        """Finish payments that honest customers chose; when `updated`, merchants know the numbers of new cards."""
        rows = self._in_person(clock, choice)
        if not updated:
            self._try_blocked(choice, rows)
        remote = np.flatnonzero(choice.online)
        if remote.size:
            self._remotely(choice, rows, remote)
        self._lose_values(choice, rows)
        return rows

    def _in_person(self, clock: LocalTime, choice: Choice) -> Rows:
        """Fill all columns as if paid in person; those that only remote payments have are null."""
        # long because: it lists every column once, in the order of the schema
        model, total = self.model, len(choice)
        geography, merchants = model.geography, model.merchants
        country = geography.home_country.take(choice.group)
        slot = model.cards.choose_slot(choice.customer, high(choice.instrument_bits))
        card = model.cards.at(choice.customer, country, slot, choice.time_us, self.reissues)
        site_country = merchants.site_country.take(choice.site)
        zone = geography.home_timezone.take(choice.group)
        there = np.flatnonzero(~choice.online)
        zone[there] = geography.timezone.take(choice.site.take(there))
        latitude, longitude = self.present.coordinates(choice.site, choice.merchant_bits, there, total)
        entry = self.present.pay(choice, country, site_country)
        person = model.people.bits(choice.customer)
        return Rows(
            time_us=choice.time_us,
            index=choice.index,
            offset_min=clock.offset_min(choice.time_us, zone),
            kind=choice.kind,
            amount_minor=choice.amount_minor,
            currency=COUNTRY_CURRENCY.take(site_country),
            amount_usd=choice.amount_usd,
            customer=choice.customer,
            account=model.accounts.of_card(choice.customer, slot),
            payee=np.full(total, NULL, dtype=np.int64),
            card=card.card_index,
            bin_id=card.bin_id,
            issuer_id=card.issuer_id,
            acquirer_id=merchants.acquirer(choice.merchant_bits, site_country),
            brand=card.brand,
            funding=card.kind,
            issuer_country=country.astype(np.int8),
            merchant=choice.merchant,
            terminal=self.present.terminal(choice),
            trade=choice.trade.astype(np.int8),
            merchant_country=site_country.astype(np.int8),
            latitude=latitude,
            longitude=longitude,
            channel=np.where(choice.trade == CASH_TRADE, ATM, IN_STORE),
            entry_mode=entry.entry_mode,
            cvm=entry.cvm,
            wallet=entry.wallet,
            device=np.full(total, NULL, dtype=np.int64),
            device_type=_nulls(total),
            network=_nulls(total),
            address_bits=np.zeros(total, dtype=np.uint64),
            ip_country=_nulls(total),
            three_ds=_nulls(total),
            avs=_nulls(total),
            cvv=_nulls(total),
            recurring=choice.recurring,
            response=self.authorisation.respond(
                choice.time_us,
                country,
                high(person),
                self._context(choice, country, entry.cvm),
                card.days_old,
                choice.amount_minor,
                choice.bits,
            ),
            original=np.full(total, NULL, dtype=np.int64),
            is_fraud=np.zeros(total, dtype=np.bool_),
        )

    def _context(self, choice: Choice, country: I64, cvm: Code) -> Code:
        """How the issuer sees each payment."""
        present = np.where(cvm == PIN, WITH_PIN, PRESENT)
        entered = np.where(self.strict.take(country), REMOTE_SCA, REMOTE)
        return np.where(choice.online, np.where(choice.stored | choice.recurring, STORED, entered), present)

    def _try_blocked(self, choice: Choice, rows: Rows) -> None:
        """Let merchants who keep an old number, and owners who do not know of the block, try a blocked card."""
        all_holders = rows.card // GENERATIONS
        some = self.reissues.candidates(all_holders)
        holder, time_us = all_holders.take(some), choice.time_us.take(some)
        blocks, latest_us = self.reissues.before(holder, time_us)
        since_us = time_us - latest_us
        _, days_old = self.model.cards.generation(holder, time_us // DAY_US)
        # The card came in place of the blocked one, and not on schedule since then.
        after = (blocks > 0) & (since_us // DAY_US < days_old)
        draws = derive(choice.bits.take(some), self.model.plan.keys["response.blocked"])
        kept = (choice.stored | choice.recurring).take(some) & choice.online.take(some)
        unaware = (since_us < UNAWARE_DAYS * DAY_US) & (low(draws) < threshold32(UNAWARE_SHARE))
        here = after & np.where(kept, rows.response.take(some) == EXPIRED, unaware)
        old = some[here]
        rows.card[old] -= 1
        answer = self.authorisation.after_block(high(draws[here])).astype(np.int8)
        # A terminal has read the card: there is such a one.
        np.copyto(answer, RESTRICTED, where=(answer == NO_SUCH_CARD) & ~choice.online.take(old))
        rows.response[old] = answer

    def _remotely(self, choice: Choice, rows: Rows, remote: NDArray[np.intp]) -> None:
        """Fill the columns of remote payments; a charge of a subscription or an order by phone has no device."""
        draws = derive(choice.bits.take(remote), self.model.plan.keys["remote.channel"])
        recurring, stored = choice.recurring.take(remote), choice.stored.take(remote)
        phoned = (high(draws) < threshold32(MOTO_SHARE)) & ~recurring & ~stored
        parts = self.remote.pay(choice, remote, rows.response.take(remote))
        rows.avs[remote], rows.cvv[remote] = parts.avs, parts.cvv
        app = (parts.device_type != WEB) & (low(draws) < threshold32(APP_SHARE))
        rows.channel[remote] = np.where(phoned, MOTO, np.where(app & ~recurring, APP, ONLINE))
        on_file = np.where(stored | recurring, ON_FILE, ECOMMERCE)
        rows.entry_mode[remote] = np.where(phoned, MANUAL, on_file)
        absent = recurring | phoned
        rows.three_ds[remote] = np.where(absent, NO_THREE_DS, parts.three_ds)
        seen = np.flatnonzero(~absent)
        places = remote.take(seen)
        rows.device[places] = parts.device.take(seen)
        rows.device_type[places] = parts.device_type.take(seen)
        rows.network[places] = parts.network.take(seen)
        rows.address_bits[places] = parts.address_bits.take(seen)
        rows.ip_country[places] = parts.ip_country.take(seen)

    def _lose_values(self, choice: Choice, rows: Rows) -> None:
        """Drop values at the configured rates, whatever the row is."""
        missing = self.model.config.missing
        draws = derive(choice.bits, self.model.plan.keys["missing"])
        np.copyto(rows.trade, NULL, where=high(draws) < threshold32(missing.mcc))
        bits = low(draws)
        nowhere = bits < threshold32(missing.latitude)
        np.copyto(rows.latitude, np.nan, where=nowhere)
        np.copyto(rows.longitude, np.nan, where=nowhere)
        # Remote rows have no coordinates to lose, so the same bits serve the device.
        unknown = (bits < threshold32(missing.device_id)) & choice.online
        np.copyto(rows.device, NULL, where=unknown)
        np.copyto(rows.device_type, NULL, where=unknown)


def _nulls(total: int) -> Code:
    return np.full(total, NULL, dtype=np.int8)
