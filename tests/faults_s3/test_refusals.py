"""What a user does wrong with a bucket: one line with the cause, one with the way out, the right code, in time."""

import socket
import time

import pytest

from tests.faults_s3.kinds import NAMES
from tests.faults_s3.lab import Lab, Place, Run

IN_TIME_SECONDS = 5.0
#: What AWS answers, the exit code, and a word of the message.
ANSWERS = (
    ("SignatureDoesNotMatch", 5, "secret"),
    ("InvalidAccessKeyId", 5, "key"),
    ("AccessDenied", 5, "denied"),
    ("ExpiredToken", 5, "expired"),
    ("InvalidToken", 5, "token"),
    ("RequestTimeTooSkewed", 5, "clock"),
    ("PermanentRedirect", 5, "region"),
    ("AuthorizationHeaderMalformed", 5, "region"),
    ("NoSuchBucket", 5, "bucket"),
    ("Unheard.Of", 5, "Unheard.Of"),
)
COMMANDS = ("publish", "generate", "verify", "status", "clean")


def start(lab: Lab, command: str, place: Place, kinds, url: str = "", **settings) -> Run:
    """Start a command as a user would, with no timeout of ours."""
    address = url or place.url
    if command == "generate":
        return lab.generate(kinds["generate"].source, address, timeout=60.0, **settings)
    source = [str(kinds["publish"].folder)] if command == "publish" else []
    return lab.command(command, *source, address, **settings)


def wrong(run: Run, code: int, word: str) -> list[str]:
    """Say what is wrong with how a command ended."""
    run.wait()
    problems = run.bad_manners()
    if run.code != code:
        problems.append(f"exit code {run.code}")
    if word not in run.said:
        problems.append(f"no word of {word!r}")
    if run.seconds > IN_TIME_SECONDS:
        problems.append(f"it took {run.seconds:.1f} s")
    return [f"{problem}: {run.said}" for problem in problems]


def local_cases(lab: Lab, place: Place) -> dict[str, tuple[int, str, str, dict]]:
    """Exit code, word of the message, address and settings of what the real server or no server answers."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
    none = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None, "HOME": str(lab.folder)}
    return {
        "no credentials": (5, "credentials", place.url, {"env": none}),
        "half of the credentials": (5, "redentials", place.url, {"env": {"AWS_SECRET_ACCESS_KEY": None}}),
        "no such profile": (5, "nobodys", place.url, {"env": {"AWS_PROFILE": "nobodys"}}),
        "wrong secret": (5, "secret", place.url, {"env": {"AWS_SECRET_ACCESS_KEY": "not the right one"}}),
        "unknown key": (5, "key", place.url, {"env": {"AWS_ACCESS_KEY_ID": "AKIANOBODYKNOWSTHIS0"}}),
        "no bucket": (5, "bucket", "s3://nobody-made-this-bucket/x", {}),
        "nobody listens": (6, "nobody listens", place.url, {"endpoint": nobody}),
        "no such host": (6, "resolved", place.url, {"endpoint": "http://nowhere.invalid:8333"}),
        "no address": (2, "expected", "s3://No_Bucket/x", {}),
        "a password in the address": (2, "expected", "s3://KEY:PASSWORD@bucket-x/x", {}),
    }


CASES = ("no credentials", "half of the credentials", "no such profile", "wrong secret", "unknown key", "no bucket",
         "nobody listens", "no such host", "no address", "a password in the address")  # fmt: skip


@pytest.mark.parametrize(
    "command", [command if command == "publish" else pytest.param(command, marks=pytest.mark.integration)
                for command in COMMANDS]
)  # fmt: skip
@pytest.mark.parametrize("case", CASES)
def test_refused_by_the_server_or_before_it(case, command, lab, kinds, place, figure):
    """No key, a wrong one, no bucket, nobody there: said in one line, in time, and nothing was written."""
    cases = local_cases(lab, place)
    assert set(cases) == set(CASES)
    code, word, url, settings = cases[case]
    run = start(lab, command, place, kinds, url, **settings)
    problems = wrong(run, code, word)
    if "PASSWORD" in run.said + run.printed:
        problems.append("the password was repeated")
    figure("a command with a wrong key, address or endpoint", 1, not problems)
    assert problems == []
    assert place.listing() == []


@pytest.mark.integration
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(("answer", "code", "word"), ANSWERS)
def test_refused_as_aws_does(answer, code, word, command, lab, kinds, place, proxy, figure):
    """The answers of AWS that the test server does not give."""
    proxy.refuse, proxy.code = "any", answer
    problems = wrong(start(lab, command, place, kinds, endpoint=proxy.endpoint), code, word)
    if len(proxy.log) > 4:
        problems.append(f"{len(proxy.log)} requests for one answer that does not change")
    figure("a command that AWS refuses", 1, not problems)
    assert problems == []
    assert place.listing() == []


@pytest.mark.integration
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("stage", ["put", "create", "multipart_start"])
def test_only_the_right_to_read(stage, name, kinds, place, proxy):
    """Somebody who may read and not write is told in time; with the right to write the same command finishes."""
    proxy.refuse, proxy.code = stage, "AccessDenied"
    run = kinds[name].start(place, endpoint=proxy.endpoint, timeout=60.0)
    assert wrong(run, 5, "denied") == []
    assert not any(key.startswith("_payloom/manifests/") for key in place.listing())
    proxy.reset()
    assert list(kinds[name].aftermath(place)) == []


@pytest.mark.integration
def test_a_storm_is_waited_for_with_patience(kinds, place, proxy):
    """A store that says "slow down" for seconds and then recovers costs time, not the run; requests get rarer."""
    proxy.plan("put", "status_503_slowdown", always=True)
    run = kinds["publish"].start(place, endpoint=proxy.endpoint, timeout=60.0)
    time.sleep(4)
    storm = len(proxy.faults)
    proxy.reset()
    assert run.wait() == 0, run.said
    assert 3 <= storm <= 40
    assert place.tree() == kinds["publish"].whole
