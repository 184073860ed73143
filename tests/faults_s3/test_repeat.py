"""Published or generated again, no data is sent; options of the store reach the server."""

import pytest

from payloom.schema import TABLES
from tests.faults_s3.kinds import NAMES
from tests.servers.wire import Message


def data_sent(proxy, place) -> list[str]:
    """Paths of data of which bytes were sent."""
    return [path for prefix in TABLES for path in proxy.sent(f"{place.prefix}/{prefix}/")]


@pytest.mark.parametrize("name", NAMES)
def test_again_sends_no_data(name, kinds, place, proxy):
    """The first run sends every part, the second none."""
    kind = kinds[name]
    assert kind.start(place, endpoint=proxy.endpoint).wait() == 0
    assert len(set(data_sent(proxy, place))) == 3
    proxy.reset()
    run = kind.start(place, endpoint=proxy.endpoint)
    assert run.wait() == 0
    assert data_sent(proxy, place) == []
    assert place.tree() == kind.whole
    assert name == "generate" or "sent    0 files" in run.printed


def test_publish_sends_what_is_missing_alone(kinds, place, proxy):
    """--overwrite sends nothing that is there already; of three files, the one that is gone goes up."""
    kind = kinds["publish"]
    assert kind.start(place).wait() == 0
    assert kind.start(place, "--overwrite", endpoint=proxy.endpoint).wait() == 0
    assert data_sent(proxy, place) == []
    lost = next(key for key in kind.whole if key.startswith("customers/"))
    place.delete(lost)
    proxy.reset()
    assert kind.start(place, endpoint=proxy.endpoint).wait() == 0
    assert [path.partition(f"{place.prefix}/")[2] for path in data_sent(proxy, place)] == [lost]
    assert place.tree() == kind.whole


def making(proxy) -> list[Message]:
    """The requests that make objects."""
    return [request for stage, request in proxy.seen if stage in {"put", "create", "multipart_start"}]


def test_options_reach_the_server(kinds, lab, place, proxy):
    """Encryption stands in every request that makes an object, the storage class in those of parts."""
    run = kinds["publish"].start(place, "--sse", "AES256", "--storage-class", "STANDARD_IA", endpoint=proxy.endpoint)
    assert run.wait() == 0, run.said
    assert len(making(proxy)) >= 6
    for request in making(proxy):
        assert request.headers["x-amz-server-side-encryption"] == "AES256", request.head
        is_part = "/_payloom/" not in request.target
        assert request.headers.get("x-amz-storage-class") == ("STANDARD_IA" if is_part else None), request.head
    assert place.tree() == kinds["publish"].whole
    for key in place.listing():
        head = lab.client.head_object(Bucket=lab.bucket, Key=f"{place.prefix}/{key}")
        assert head["ServerSideEncryption"] == "AES256"
        assert head.get("StorageClass", "STANDARD") == ("STANDARD" if key.startswith("_payloom/") else "STANDARD_IA")
    assert lab.command("verify", place.url).wait() == 0


@pytest.mark.parametrize("kind", ["aws:kms", "aws:kms:dsse"])
def test_a_key_that_the_store_does_not_have(kind, kinds, place, proxy):
    """The name of the key goes along, and a store that does not know it is no reason for patience."""
    proxy.refuse, proxy.code = "put create", "KMS.NotFoundException"
    options = ("--sse", kind, "--sse-kms-key-id", "key-of-this-test")
    run = kinds["publish"].start(place, *options, endpoint=proxy.endpoint)
    assert run.wait() == 5
    assert run.bad_manners() == []
    assert "--sse-kms-key-id" in run.said
    assert 1 <= len(making(proxy)) <= 2
    for request in making(proxy):
        assert request.headers["x-amz-server-side-encryption"] == kind
        assert request.headers["x-amz-server-side-encryption-aws-kms-key-id"] == "key-of-this-test"
    assert place.listing() == []
