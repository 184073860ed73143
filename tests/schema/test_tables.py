"""The declaration of tables and columns holds together."""

import json

import polars as pl
import pyarrow as pa
import pytest

from payloom import codes
from payloom.schema import PAYMENTS, TABLES, Table

# Design, section 5: types that Athena, Spark, DuckDB, Polars and pandas read without a cast.
PORTABLE_KINDS = {"int16", "int32", "int64", "float32", "float64", "bool", "string", "enum", "timestamp", "date"}

# Design, section 5, in its order.
PAYMENT_COLUMNS = (
    "transaction_id event_time local_offset_min transaction_type amount_minor currency amount_usd customer_id "
    "account_id payee_account_id card_id bin_id issuer_id acquirer_id card_brand card_type issuer_country merchant_id "
    "terminal_id mcc merchant_country latitude longitude channel entry_mode cvm wallet device_id device_type "
    "ip_address ip_country ip_type three_ds avs_result cvv_result is_recurring response_code "
    "original_transaction_id is_fraud"
)

NEVER_NULL = (
    "transaction_id event_time local_offset_min transaction_type amount_minor currency amount_usd customer_id "
    "account_id channel is_recurring response_code is_fraud"
)

tables = pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))


def test_payments_have_the_columns_of_the_design():
    """Names and order are those that readers were promised."""
    assert list(PAYMENTS.names) == PAYMENT_COLUMNS.split()


def test_the_required_columns_are_those_of_the_design():
    """A column is nullable unless the design says no."""
    assert [column.name for column in PAYMENTS.columns if not column.nullable] == NEVER_NULL.split()


@tables
def test_arrow_and_polars_agree(table: Table):
    """Rows of the Arrow schema become a Polars frame of the Polars schema, and back, without a loss."""
    arrow = table.arrow_schema().empty_table()
    frame = pl.from_arrow(arrow)
    assert isinstance(frame, pl.DataFrame)
    for column in table.columns:
        declared = table.polars_schema()[column.name]
        if column.kind == "enum":
            assert isinstance(frame[column.name].dtype, (pl.Categorical, pl.Enum, pl.String))
            assert frame[column.name].cast(pl.String).cast(declared).dtype == declared
        else:
            assert frame[column.name].dtype == declared, column.name


@tables
def test_every_code_survives_arrow_and_polars(table: Table):
    """Code i of an enum is value i of its tuple, in Arrow and in Polars."""
    for column in (c for c in table.columns if c.kind == "enum"):
        arrow_type = column.arrow_type()
        indices = pa.array(range(len(column.codes)), arrow_type.index_type)
        array = pa.DictionaryArray.from_arrays(indices, pa.array(column.codes))
        assert array.type == arrow_type, column.name
        assert array.to_pylist() == list(column.codes)
        if not column.codes_open:
            assert pl.Series(column.codes, dtype=column.polars_type()).to_physical().to_list() == [
                *range(len(column.codes))
            ]


@tables
def test_codes_fit_their_index(table: Table):
    """An enum has no more values than its signed index can count, and none twice."""
    for column in (c for c in table.columns if c.kind == "enum"):
        assert len(column.codes) < 2 ** (column.index_bits - 1), column.name
        assert len(set(column.codes)) == len(column.codes)


@tables
def test_types_are_portable(table: Table):
    """No unsigned integers, no nanoseconds, no local times."""
    for column in table.columns:
        assert column.kind in PORTABLE_KINDS
        if column.kind == "timestamp":
            assert column.arrow_type() == pa.timestamp("us", tz="UTC")


@tables
def test_null_flags_follow_the_null_rule(table: Table):
    """Arrow's null flag is the declared rule."""
    for field, column in zip(table.arrow_schema(), table.columns, strict=True):
        assert (field.name, field.nullable) == (column.name, column.null != "never")


@tables
def test_names_and_keys(table: Table):
    """Names are unique, and the rows are sorted by columns that exist and are never null."""
    assert len(set(table.names)) == len(table.names)
    assert all(not table.column(name).nullable for name in table.sort_by)
    with pytest.raises(KeyError):
        table.column("no_such_column")


@tables
def test_a_declaration_is_json(table: Table):
    """Documents and DDL can be made from plain values."""
    assert json.loads(json.dumps(table.as_dict()))["name"] == table.name


def test_nothing_is_known_before_the_issuer_decides_that_follows_from_it():
    """The issuer's checks, its answer and the label come after; a model must not be given them."""
    after = {column.name for column in PAYMENTS.columns if column.known == "after"}
    assert after == {"avs_result", "cvv_result", "response_code", "is_fraud"}
    assert {column.name for column in PAYMENTS.columns if column.role == "label"} == {"is_fraud"}


def test_random_nulls_have_a_rate_in_the_config():
    """A column with random nulls names its key, and only nullable columns have one."""
    keys = {column.missing for column in PAYMENTS.columns if column.missing}
    assert keys == {"mcc", "device_id", "latitude"}
    assert all(column.nullable for column in PAYMENTS.columns if column.missing)


def test_the_trade_uses_these_codes():
    """Spot checks against the standards: ISO 8583 DE39, ISO 18245, ISO 4217, ISO 3166-1."""
    assert codes.RESPONSE_CODE[0] == "00"
    assert set(codes.RESPONSE_MEANING) == set(codes.RESPONSE_CODE)
    assert {"5411", "5812", "6011"} <= set(codes.MCC)
    assert {"EUR", "GBP", "JPY", "USD"} <= set(codes.CURRENCY)
    assert {"DE", "FR", "GB", "JP", "US"} <= set(codes.COUNTRY)
    assert codes.TYPOLOGY[:4] == ("cnp_stolen", "card_testing", "account_takeover", "device_farm")
    for tuple_of_codes in (codes.MCC, codes.CURRENCY, codes.COUNTRY):
        assert list(tuple_of_codes) == sorted(tuple_of_codes)
