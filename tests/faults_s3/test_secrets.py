"""Keys and tokens never reach output, tracebacks or the bucket, also when the server repeats the request."""

import pytest

from tests.faults_s3.kinds import NAMES
from tests.faults_s3.watching import REFUSALS
from tests.servers.faults import FAULTS

CANARY_TOKEN = "canary-token-FQoGZXIvYXdzEJr-of-this-test"
CANARY_SECRET = "canary-secret-wJalrXUtnFEMI-of-this-test"
CANARY_KEY = "AKIACANARYOFTHISTEST"
STOLEN = {
    "AWS_ACCESS_KEY_ID": CANARY_KEY,
    "AWS_SECRET_ACCESS_KEY": CANARY_SECRET,
    "AWS_SESSION_TOKEN": CANARY_TOKEN,
    "PAYLOOM_DEBUG": "1",
}
STAGES = ("create", "put", "multipart_start", "multipart_part", "multipart_complete", "head", "get", "list", "delete")


def spilt(texts: dict[str, str], secrets: dict[str, str]) -> list[str]:
    """Say which secret, by its name, stands where."""
    return [f"{name} in {where}" for where, text in texts.items() for name, secret in secrets.items() if secret in text]


@pytest.mark.parametrize(
    "code", [code if code == "SignatureDoesNotMatch" else pytest.param(code, marks=pytest.mark.integration)
             for code in REFUSALS]
)  # fmt: skip
@pytest.mark.parametrize(
    "command", ["publish", *(pytest.param(name, marks=pytest.mark.integration) for name in ("verify", "status --json"))]
)
def test_an_answer_that_repeats_the_request(command, code, lab, kinds, place, proxy, figure):
    """S3 repeats token and signature when it refuses; payloom does not, not even in a traceback."""
    proxy.refuse, proxy.code = "any", code
    first, *more = command.split()
    source = [str(kinds["publish"].folder)] if first == "publish" else []
    run = lab.command(first, *source, place.url, *more, "--timeout", "0.3", endpoint=proxy.endpoint, env=STOLEN)
    assert run.wait() in {5, 6}
    assert proxy.seen
    assert all(request.headers["x-amz-security-token"] == CANARY_TOKEN for _, request in proxy.seen)
    assert "Traceback" in run.said
    secrets = {"token": CANARY_TOKEN, "secret": CANARY_SECRET, "key": CANARY_KEY, "signature": "Signature="}
    found = spilt({"stderr": run.said, "stdout": run.printed}, secrets)
    figure("an answer that repeats keys and token of the request", 1, not found)
    assert found == []


@pytest.mark.integration
@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("workers", [1, 2])
def test_a_refusal_in_the_middle(workers, name, stage, kinds, lab, place, proxy, figure):
    """The same at every stage of a run, in a worker process too."""
    if name == "publish" and workers == 2:
        pytest.skip("publish has no workers")
    if stage == "head":
        kinds[name].leave_unfinished(place)
    proxy.refuse, proxy.code = stage, "SignatureDoesNotMatch"
    settings = {"workers": workers} if name == "generate" else {}
    run = kinds[name].start(place, endpoint=proxy.endpoint, env={"PAYLOOM_DEBUG": "1"}, **settings)
    run.wait()
    assert stage in {stage for stage, _ in proxy.seen}
    assert run.code in ({0, 5} if stage == "delete" else {5})
    secrets = {"secret": lab.server.secret_key, "key": lab.server.access_key, "signature": "Signature="}
    found = spilt({"stderr": run.said, "stdout": run.printed}, secrets)
    figure("an answer that repeats keys and token of the request", 1, not found)
    assert found == []


@pytest.mark.integration
@pytest.mark.parametrize("fault", [fault for fault in FAULTS if not fault.startswith("kill")])
def test_every_fault_with_tracebacks_on(fault, kinds, lab, place, proxy, figure):
    """Whatever the library says of a failed request, no key is part of it."""
    proxy.plan("multipart_part", fault, always=True)
    run = kinds["publish"].start(place, "--json", endpoint=proxy.endpoint, timeout=0.3, env={"PAYLOOM_DEBUG": "1"})
    run.wait()
    assert proxy.faults
    secrets = {"secret": lab.server.secret_key, "key": lab.server.access_key, "signature": "Signature="}
    found = spilt({"stderr": run.said, "stdout": run.printed}, secrets)
    figure("a fault with PAYLOOM_DEBUG=1: no secret in the output", 1, not found)
    assert found == []


@pytest.mark.parametrize("name", NAMES)
def test_no_secret_in_the_bucket(name, kinds, lab, place):
    """Records, parts and metadata of a run hold neither keys nor the endpoint."""
    run = kinds[name].start(place)
    assert run.wait() == 0
    secrets = {"secret": lab.server.secret_key, "key": lab.server.access_key, "endpoint": lab.server.endpoint}
    texts = {"stdout": run.printed, "stderr": run.said}
    for key in place.listing():
        texts[key] = place.read(key).decode("latin-1")
        head = lab.client.head_object(Bucket=lab.bucket, Key=f"{place.prefix}/{key}")
        texts[f"metadata of {key}"] = str(head["Metadata"])
    assert spilt(texts, secrets) == []


def test_a_password_in_the_endpoint(lab, kinds, place):
    """An endpoint with user and password, as for a proxy, is not repeated with them."""
    run = lab.publish(kinds["publish"].folder, place, "--endpoint-url", "http://user:canary-password@127.0.0.1:9")
    assert run.wait() != 0
    assert run.bad_manners() == []
    assert "canary-password" not in run.said + run.printed
