"""From rows to Arrow: indices become opaque ids, codes become dictionaries, -1 and NaN become nulls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from payloom.behaviour.rows import Rows
from payloom.cell.encoder import BatchEncoder, validity
from payloom.config.fraud import known_typologies
from payloom.fraud.reporting import Labels
from payloom.schema import FRAUD_LABELS, PAYMENTS
from payloom.streams.bijection import IdScrambler
from payloom.world import addresses
from payloom.world.model import Model


@dataclass(frozen=True)
class ArrowColumns:
    """Turns rows and labels into record batches.

    Attributes
    ----------
    model
        The world, for its ids.
    transaction_ids, campaign_ids
        Opaque ids of payments and campaigns.
    """

    model: Model
    transaction_ids: IdScrambler
    campaign_ids: IdScrambler

    @classmethod
    def of(cls, model: Model) -> ArrowColumns:
        """Prepare the ids."""
        keys = model.plan.keys
        return cls(model, IdScrambler(keys["transaction.id"]), IdScrambler(keys["campaign.id"]))

    def payments(self, rows: Rows) -> pa.RecordBatch:
        """Make a batch of the payments table."""
        model, column = self.model, BatchEncoder(PAYMENTS)
        column.ids("transaction_id", rows.index, self.transaction_ids)
        column.values("event_time", rows.time_us)
        column.values("local_offset_min", rows.offset_min)
        column.codes("transaction_type", rows.kind)
        column.values("amount_minor", rows.amount_minor)
        column.codes("currency", rows.currency)
        column.values("amount_usd", rows.amount_usd)
        column.ids("customer_id", rows.customer, model.people.ids)
        column.ids("account_id", rows.account, model.people.account_ids)
        column.ids("payee_account_id", rows.payee, model.people.account_ids)
        column.ids("card_id", rows.card, model.cards.ids)
        column.values("bin_id", rows.bin_id, nullable=True)
        column.values("issuer_id", rows.issuer_id, nullable=True)
        column.values("acquirer_id", rows.acquirer_id, nullable=True)
        column.codes("card_brand", rows.brand)
        column.codes("card_type", rows.funding)
        column.codes("issuer_country", rows.issuer_country)
        column.ids("merchant_id", rows.merchant, model.merchants.ids)
        column.ids("terminal_id", rows.terminal, model.merchants.terminal_ids)
        column.codes("mcc", rows.trade)
        column.codes("merchant_country", rows.merchant_country)
        column.floats("latitude", rows.latitude)
        column.floats("longitude", rows.longitude)
        column.codes("channel", rows.channel)
        column.codes("entry_mode", rows.entry_mode)
        column.codes("cvm", rows.cvm)
        column.codes("wallet", rows.wallet)
        column.ids("device_id", rows.device, model.devices.ids)
        column.codes("device_type", rows.device_type)
        column.add("ip_address", _addresses(rows))
        column.codes("ip_country", rows.ip_country)
        column.codes("ip_type", rows.network)
        column.codes("three_ds", rows.three_ds)
        column.codes("avs_result", rows.avs)
        column.codes("cvv_result", rows.cvv)
        column.flags("is_recurring", rows.recurring)
        column.codes("response_code", rows.response)
        column.ids("original_transaction_id", rows.original, self.transaction_ids)
        column.flags("is_fraud", rows.is_fraud)
        return column.batch()

    def labels(self, labels: Labels) -> pa.RecordBatch:
        """Make a batch of the fraud_labels table."""
        column = BatchEncoder(FRAUD_LABELS)
        column.ids("transaction_id", labels.index, self.transaction_ids)
        column.values("event_time", labels.time_us)
        column.codes("typology", labels.typology, known_typologies())
        column.ids("campaign_id", labels.campaign, self.campaign_ids)
        column.codes("role", labels.role)
        column.flags("is_fraud", labels.is_fraud)
        column.values("reported_at", labels.reported_us, nullable=True)
        column.codes("report_channel", labels.report_channel)
        column.codes("chargeback_reason", labels.chargeback_reason)
        column.values("chargeback_at", labels.chargeback_us, nullable=True)
        return column.batch()


def _addresses(rows: Rows) -> pa.Array:
    """Write the addresses of rows that have one."""
    shown = rows.network >= 0
    where = np.flatnonzero(shown)
    ends, text = addresses.text(rows.address_bits[where], rows.network[where])
    lengths = np.zeros(len(rows) + 1, dtype=np.int32)
    lengths[where + 1] = np.diff(ends)
    offsets = np.cumsum(lengths, dtype=np.int32)
    buffers = [validity(shown), pa.py_buffer(offsets), pa.py_buffer(text)]
    return pa.Array.from_buffers(pa.string(), len(rows), buffers)
