"""Addresses of data sets: what is one, what is refused, and what a refusal does not repeat."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payloom.errors import ConfigError
from payloom.storage import LocalStore
from payloom.storage.address import Address, is_remote, open_store


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("s3://fraud-dl-raw", ("s3", "fraud-dl-raw", "")),
        ("s3://fraud-dl-raw/", ("s3", "fraud-dl-raw", "")),
        ("s3://bucket/a/b=1/", ("s3", "bucket", "a/b=1")),
        ("S3://bucket/x", ("s3", "bucket", "x")),
        ("gs://bucket/x", ("gs", "bucket", "x")),
        ("az://container/x", ("az", "container", "x")),
    ],
)
def test_an_address_has_a_bucket_and_a_prefix(location, expected):
    """Slashes at the end mean nothing."""
    address = Address.parse(location)
    assert (address.scheme, address.bucket, address.prefix) == expected
    assert Address.parse(str(address)) == address


@pytest.mark.parametrize(
    "location",
    [
        "s3://",
        "s3:///x",
        "s3://Bucket",
        "s3://b",
        "s3://bucket//x",
        "s3://bucket/../x",
        "s3://bucket/./x",
        "s3://bucket/a\nb",
        "s3://bucket/a\0b",
        "s3://bucket/a?versionId=1",
        "s3://bucket/a#b",
        "s3://bucket/a*",
        "s3://bucket:9000/x",
        "s3://bucket/" + "x" * 501,
        "http://bucket/x",
        "file:///tmp/x",
        "ftp://x",
    ],
)
def test_what_is_no_address_is_refused(location):
    """Exit code 2 and one line, before anything is asked."""
    assert is_remote(location)
    with pytest.raises(ConfigError) as caught:
        open_store(location)
    assert "\n" not in caught.value.message


def test_a_password_in_an_address_is_not_repeated():
    """Who writes keys into an address finds them in no message."""
    with pytest.raises(ConfigError) as caught:
        open_store("s3://AKIAEXAMPLE:very-secret@bucket/x")
    assert "very-secret" not in caught.value.message


def test_a_path_that_was_an_address_is_noticed():
    """`Path` makes one slash of two; that is no folder called s3:."""
    with pytest.raises(ConfigError, match="as a string"):
        open_store(Path("s3://bucket/x"))


def test_a_folder_is_a_folder(tmp_path):
    """Everything without a scheme."""
    assert not is_remote(str(tmp_path))
    assert isinstance(open_store(str(tmp_path)), LocalStore)
    assert isinstance(open_store(tmp_path), LocalStore)


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_refused(text):
    """No text raises anything but an error of ours, and what is accepted stays below the bucket."""
    try:
        address = Address.parse(f"s3://{text}")
    except ConfigError:
        return
    assert str(address).startswith(f"s3://{address.bucket}")
    assert not {"", ".", ".."} & set(address.prefix.split("/") if address.prefix else ())
