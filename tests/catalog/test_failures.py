"""What goes wrong with AWS is one line with the way out, and no secret.

Answers of the services that are errors are played by botocore's Stubber, through the real client; what can
be tried for real (no credentials, nobody listening) is. Right answers are in tests/integration/test_athena_glue.py.
"""

import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.stub import Stubber

from payloom.catalog.athena import Query, run_query
from payloom.catalog.failures import service_faults
from payloom.catalog.names import checked_location
from payloom.catalog.published import published
from payloom.catalog.register import WRITE_BATCH, Registrar, batches
from payloom.errors import ConflictError, PayloomError, StorageError, TransientError
from payloom.schema import PAYMENTS
from payloom.storage.local import LocalStore
from tests.catalog.worlds import write_world
from tests.cli.shell import payloom

#: Reads the model of a service once.
SESSION = botocore.session.Session()

CANARY = "canary-4f1d"
PLACE = checked_location("s3://fraud-dl-raw/x", ("s3",))
QUERY = Query("SELECT 1", "payloom", "primary", "s3://fraud-dl-raw/results/")
STARTED = ("start_query_execution", {"QueryExecutionId": "1"})

ANSWERS = [
    ("AccessDeniedException", 400, StorageError, "access is denied"),
    ("UnrecognizedClientException", 400, StorageError, "keys are not valid"),
    ("InvalidSignatureException", 400, StorageError, "keys are not valid"),
    ("ExpiredTokenException", 400, StorageError, "expired"),
    ("InvalidInputException", 400, StorageError, "InvalidInputException"),
    ("ThrottlingException", 400, TransientError, "ThrottlingException"),
    ("InternalServiceException", 500, TransientError, "InternalServiceException"),
    ("Strange", 503, TransientError, "Strange"),
]


def client(service: str, **options: Any) -> Any:
    """A real client with keys of its own that tries once."""
    once = botocore.config.Config(retries={"total_max_attempts": 1}, connect_timeout=2)
    keys = {"aws_access_key_id": "AKIATEST", "aws_secret_access_key": CANARY, "aws_session_token": CANARY}
    return SESSION.create_client(service, region_name="eu-central-1", config=once, **keys, **options)


@contextmanager
def played(service: str, *answers: tuple[str, Any], status: int = 400) -> Iterator[Any]:
    """A client whose next calls get these answers: a structure, or code and sentence of an error."""
    speaker = client(service)
    with Stubber(speaker) as stub:
        for method, answer in answers:
            if isinstance(answer, dict):
                stub.add_response(method, answer)
            else:
                stub.add_client_error(method, *answer, http_status_code=status)
        yield speaker
        stub.assert_no_pending_responses()


def refusing(service: str, method: str, code: str, status: int) -> AbstractContextManager[Any]:
    """A client whose next call of `method` is refused; a wrong signature gets the request back, as AWS does it."""
    echoed = f"The Canonical String should have been x-amz-security-token:{CANARY}\nline two"
    return played(service, (method, (code, echoed if "Signature" in code else "said\nso")), status=status)


@pytest.mark.parametrize(("code", "status", "kind", "word"), ANSWERS, ids=[answer[0] for answer in ANSWERS])
def test_answers_of_glue_are_one_line(code: str, status: int, kind: type[PayloomError], word: str) -> None:
    """The kind says whether a retry helps; the message is one line and repeats nothing of the request."""
    with refusing("glue", "get_database", code, status) as speaker, pytest.raises(kind) as caught:
        Registrar(speaker, "payloom", PLACE).database()
    message = caught.value.message
    assert word in message
    assert "\n" not in message
    assert CANARY not in message
    assert caught.value.hint
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(("code", "status", "kind", "word"), ANSWERS, ids=[answer[0] for answer in ANSWERS])
def test_answers_of_athena_are_one_line(code: str, status: int, kind: type[PayloomError], word: str) -> None:
    """The same when a query is started."""
    with (
        refusing("athena", "start_query_execution", code, status) as speaker,
        pytest.raises(kind, match=word) as caught,
    ):
        run_query(speaker, QUERY)
    assert "primary" in caught.value.message
    assert CANARY not in caught.value.message


def test_a_workgroup_without_results_names_the_option() -> None:
    """The most usual mistake has its own way out."""
    refusal = ("InvalidRequestException", "No output location provided. An output location is required")
    answers = played("athena", ("start_query_execution", refusal))
    with answers as speaker, pytest.raises(StorageError) as caught:
        run_query(speaker, QUERY)
    assert "--output" in caught.value.hint


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ({"State": "FAILED", "StateChangeReason": "SYNTAX_ERROR:\n line 1"}, StorageError),
        ({"State": "CANCELLED", "StateChangeReason": "SYNTAX_ERROR: by hand"}, StorageError),
        ({"State": "FAILED", "StateChangeReason": "SYNTAX_ERROR", "AthenaError": {"Retryable": True}}, TransientError),
    ],
)
def test_a_query_that_ends_badly_gives_athenas_reason(status: dict[str, Any], kind: type[PayloomError]) -> None:
    """Failed and cancelled queries carry Athena's own words on one line."""
    answers = played("athena", STARTED, ("get_query_execution", {"QueryExecution": {"Status": status}}))
    with answers as speaker, pytest.raises(kind, match="SYNTAX_ERROR") as caught:
        run_query(speaker, QUERY)
    assert "\n" not in caught.value.message


def test_a_query_that_never_ends_is_stopped() -> None:
    """Waiting has a limit, and then nothing is left running."""
    queued = ("get_query_execution", {"QueryExecution": {"Status": {"State": "QUEUED"}}})
    answers = played("athena", STARTED, queued, ("stop_query_execution", {}))
    with answers as speaker, pytest.raises(TransientError, match="stopped"):
        run_query(speaker, QUERY, max_wait_seconds=0)


def test_a_partition_that_is_refused_is_an_error(tmp_path: Path) -> None:
    """A batch that succeeds as a call and fails for a partition is not taken for done."""
    found = published(LocalStore(write_world(tmp_path)))
    missing = ("get_table", ("EntityNotFoundException", "no such table"))
    detail = {"ErrorCode": "InvalidInputException", "ErrorMessage": "no"}
    refusal = {"Errors": [{"PartitionValues": ["2025", "11"], "ErrorDetail": detail}]}
    none: dict[str, Any] = {"Partitions": []}
    reading = ("get_partitions", none)
    answers = played("glue", missing, ("create_table", {}), reading, ("batch_create_partition", refusal))
    with answers as speaker, pytest.raises(StorageError, match=r"partition 2025-11 .*InvalidInputException"):
        Registrar(speaker, "payloom", PLACE).table(PAYMENTS, found)


def test_a_table_that_lies_elsewhere_is_not_taken_over() -> None:
    """Somebody else's table of the same name is a conflict, before anything is written."""
    theirs = {"Name": "payments", "StorageDescriptor": {"Location": "s3://theirs/payments/"}}
    answers = played("glue", ("get_table", {"Table": theirs}))
    with answers as speaker, pytest.raises(ConflictError, match="s3://theirs/payments"):
        Registrar(speaker, "payloom", PLACE).refuse_foreign([PAYMENTS])


@pytest.mark.parametrize("operation", ["BatchCreatePartition", "BatchUpdatePartition"])
def test_batches_are_as_large_as_the_api_takes(operation: str) -> None:
    """The size is that of Glue's own model, and no item is lost or sent twice."""
    members = client("glue").meta.service_model.operation_model(operation).input_shape.members
    assert [shape.metadata["max"] for shape in members.values() if shape.type_name == "list"] == [WRITE_BATCH]
    items = [{"Values": [str(number)]} for number in range(2 * WRITE_BATCH + 3)]
    cut = list(batches(items, WRITE_BATCH))
    assert [len(batch) for batch in cut] == [WRITE_BATCH, WRITE_BATCH, 3]
    assert [item for batch in cut for item in batch] == items


def free_port() -> int:
    """A port at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_nobody_listening_is_transient_and_hides_passwords() -> None:
    """An endpoint that can't be reached is named without what stands before its @."""
    speaker = client("glue", endpoint_url=f"http://user:{CANARY}@127.0.0.1:{free_port()}")
    with pytest.raises(TransientError) as caught, service_faults("ask Glue"):
        speaker.get_database(Name="payloom")
    assert "127.0.0.1" in caught.value.message
    assert CANARY not in caught.value.message


@pytest.mark.parametrize("command", [["register"], ["count", "--athena", "primary"]], ids=lambda words: words[0])
def test_without_credentials_the_command_says_how_to_log_in(command: list[str], tmp_path: Path) -> None:
    """No credentials: one line, the way out, and 5."""
    done = payloom(
        *command,
        "--location=s3://fraud-dl-raw",
        before="import os; os.environ.pop('AWS_PROFILE', None)",
        AWS_EC2_METADATA_DISABLED="true",
        AWS_CONFIG_FILE=str(tmp_path / "none"),
        AWS_SHARED_CREDENTIALS_FILE=str(tmp_path / "none"),
        AWS_ACCESS_KEY_ID="",
    )
    assert done.returncode == 5, done.stderr
    assert [line.partition(":")[0] for line in done.stderr.splitlines()] == ["error", "fix"]
    assert "credentials" in done.stderr


@pytest.mark.parametrize("command", [["register"], ["count", "--athena", "primary"]], ids=lambda words: words[0])
def test_without_the_extra_the_command_says_how_to_get_it(command: list[str]) -> None:
    """boto3 is missing: one line with the command that installs it."""
    without = "import sys; sys.modules['boto3'] = sys.modules['botocore'] = None"
    done = payloom(*command, "--location=s3://fraud-dl-raw", before=without)
    assert done.returncode == 2, done.stderr
    assert "payloom[s3]" in done.stderr
    assert "Traceback" not in done.stderr


def test_statements_need_no_extra() -> None:
    """`payloom ddl` works without boto3."""
    without = "import sys; sys.modules['boto3'] = sys.modules['botocore'] = sys.modules['obstore'] = None"
    assert payloom("ddl", "--location=s3://fraud-dl-raw", before=without).returncode == 0
