"""Every fault at every stage, on the way of `publish` and of `generate`: the oracle holds, the exit code is right."""

import pytest

from tests.faults_s3.kinds import NAMES, Kind
from tests.faults_s3.lab import Place
from tests.faults_s3.watching import WatchingProxy
from tests.servers.faults import FAULTS

STAGES = (
    "create", "put", "multipart_start", "multipart_part", "multipart_complete", "head", "get", "list", "delete",
)  # fmt: skip
ONCE = tuple(fault for fault in FAULTS if not fault.startswith("kill"))
#: What does not pass ends the run at its first appearance.
REFUSED = frozenset({"status_403", "status_404_no_bucket", "status_301_wrong_region"})
#: An answer that says something else than the server did; TLS and checksums are there to notice.
LIES = frozenset({"error_200", "error_200_blanks", "flipped_reply", "flipped_body"})
#: Passing faults that a second request overcomes, in the run itself.
OVERCOME = frozenset(
    {
        "status_500", "status_503_slowdown", "status_429", "bad_gateway_html", "lost_reply", "slow", "reset_before",
        "reset_mid_body", "close_before", "hang",
    }
)  # fmt: skip
#: The server has begun an upload whose number the client never got to know; only `payloom clean` can find it.
UNKNOWN_UPLOAD = frozenset({"lost_reply", "stall_reply", "truncated_reply", "flipped_reply", "reset_mid_body"})
ALWAYS = {
    "status_503_slowdown": (6,),
    "bad_gateway_html": (6,),
    "status_409_conflict": (4, 5, 6),
    "status_403": (5,),
    "reset_before": (6,),
    "hang": (6,),
    "garbage_reply": (6,),
    "lost_reply": (0, 6),
    "truncated_reply": (0, 6),
    "error_200": (0, 4, 5, 6, 7),
}
TIMEOUT_OF_PERSISTENT = 0.4
BOUND_SECONDS = 15.0


def codes_once(fault: str, stage: str) -> tuple[int, ...]:
    """The exit codes that a fault may lead to when it happens once."""
    if fault in REFUSED:
        # "No such key" is no error where a key may be missing, and HEAD has no body that says more.
        return (0, 5) if stage == "delete" or (fault == "status_404_no_bucket" and stage == "head") else (5,)
    if fault in LIES:
        return (0, 4, 5, 6, 7)
    if fault in OVERCOME and stage != "delete":
        return (0,)
    # HEAD has no body: 400 and 409 have no word of explanation. A claim that stays is no failure.
    return (0, 5, 6) if stage == "head" else (0, 6)


def disturbed(
    kind: Kind, place: Place, proxy: WatchingProxy, stage: str, fault: str, *, always: bool = False
) -> list[str]:
    """Run with a fault and return what does not hold."""
    proxy.reset()
    if stage == "head":
        # Heads are asked for where something is there already.
        kind.leave_unfinished(place)
    proxy.plan(stage, fault, always=always)
    settings = {"timeout": TIMEOUT_OF_PERSISTENT} if always else {}
    run = kind.start(place, endpoint=proxy.endpoint, **settings)
    run.wait()
    problems = run.bad_manners()
    if not proxy.faults:
        problems.append("the fault did not happen")
    codes = ALWAYS[fault] if always else codes_once(fault, stage)
    if run.code not in ((0, *codes) if stage == "delete" else codes):
        problems.append(f"exit code {run.code}: {run.said}")
    if run.seconds > BOUND_SECONDS:
        problems.append(f"it took {run.seconds:.1f} s")
    unknown = stage == "multipart_start" and fault in UNKNOWN_UPLOAD
    problems += kind.aftermath(place, uploads_may_stay=unknown or (always and stage == "delete"))
    place.clear()
    return [f"{kind.name}, {fault} at {stage}: {problem}" for problem in problems]


@pytest.mark.integration
@pytest.mark.parametrize("fault", ONCE)
@pytest.mark.parametrize("name", NAMES)
def test_each_fault_once_at_each_stage(name, fault, kinds, lab, proxy, figure):
    """A fault that passes is overcome or ends the run in good order, and the same command finishes."""
    found = [disturbed(kinds[name], lab.place(), proxy, stage, fault) for stage in STAGES]
    figure(f"{name} to S3, a fault of the server or the network, once", len(found), sum(not one for one in found))
    assert [problem for one in found for problem in one] == []


@pytest.mark.integration
@pytest.mark.parametrize("fault", ALWAYS)
@pytest.mark.parametrize("name", NAMES)
def test_each_fault_that_stays(name, fault, kinds, lab, proxy, figure):
    """A fault that does not pass ends the run in bounded time, and the same command finishes when it is gone."""
    found = [disturbed(kinds[name], lab.place(), proxy, stage, fault, always=True) for stage in STAGES]
    figure(f"{name} to S3, a fault that stays", len(found), sum(not one for one in found))
    assert [problem for one in found for problem in one] == []


SHORT = (
    ("publish", "create", "lost_reply"),
    ("generate", "create", "status_409_conflict"),
    ("publish", "multipart_part", "flipped_body"),
    ("generate", "multipart_complete", "error_200"),
    ("publish", "put", "status_503_slowdown"),
)


@pytest.mark.parametrize(("name", "stage", "fault"), SHORT)
def test_some_faults(name, stage, fault, kinds, place, proxy, figure):
    """The same for a few of each."""
    problems = disturbed(kinds[name], place, proxy, stage, fault)
    figure(f"{name} to S3, a fault of the server or the network, once (short)", 1, not problems)
    assert problems == []
