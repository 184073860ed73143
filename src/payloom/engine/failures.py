"""Jobs that fail: begun again a few times, then left out while the others go on."""

from __future__ import annotations

from collections import Counter
from typing import Final

from payloom.errors import PayloomError, TransientError
from payloom.write.contract import Job

ATTEMPTS_MAX: Final = 3
"""Times that a job is begun before the run goes on without it; jobs are idempotent."""

FAILED_JOBS_MAX: Final = 10
"""Jobs that may fail for good before the run gives up: then it is not the jobs."""

_RERUN: Final = "what was finished is kept: run the same command again to make only what is missing"


class FailedJobsError(PayloomError):
    """Some jobs failed every time that they were begun; the others are finished."""


class Failures:
    """Counts what fails in a run, and says what is begun again.

    Parameters
    ----------
    attempts_max
        Times that a job is begun.
    """

    def __init__(self, attempts_max: int = ATTEMPTS_MAX) -> None:
        self._attempts_max = attempts_max
        self._counts: Counter[str] = Counter()
        self._failed: dict[str, str] = {}
        self._first: Exception | None = None
        self._was_raised = False

    def raised(self, job: Job, error: BaseException) -> bool:
        """Note that a job raised; say whether it is begun again.

        Raises
        ------
        BaseException
            The error itself, if no other job would fare better: what storage or the machine refuse.
        """
        if not isinstance(error, Exception) or isinstance(error, MemoryError):
            raise error
        if isinstance(error, PayloomError):
            self._counts[job.name] += 1
            if error.retryable and self._counts[job.name] < self._attempts_max:
                return True
            raise error
        self._was_raised = True
        self._first = self._first or error
        return self._again(job, f"{type(error).__name__}: {error}")

    def killed(self, job: Job, how: str) -> bool:
        """Note that a job's process died, and how, such as "killed by signal 9"; say whether the job is begun again."""
        return self._again(job, f"its process was {how}")

    def gave_up(self, job: Job, how: str) -> None:
        """Note that an engine that counts by itself won't begin a job again."""
        self._leave_out(job.name, how)

    def check(self) -> None:
        """Return if no job failed for good.

        Raises
        ------
        FailedJobsError, TransientError
            Otherwise, with the name of each; `TransientError` if all that ever happened is that processes died.
        """
        if not self._failed:
            return
        problems = [f"{name} ({reason})" for name, reason in sorted(self._failed.items())]
        count = "1 job" if len(problems) == 1 else f"{len(problems)} jobs"
        message = f"{count} failed every time: {problems[0]}"
        if self._was_raised:
            hint = f"this is a bug; PAYLOOM_DEBUG=1 shows where. {_RERUN}"
            raise FailedJobsError(message, hint=hint, problems=problems) from self._first
        hint = f"a process may have run out of memory: lower --workers or --max-memory. {_RERUN}"
        raise TransientError(message, hint=hint, problems=problems)

    def _again(self, job: Job, reason: str) -> bool:
        self._counts[job.name] += 1
        if self._counts[job.name] < self._attempts_max:
            return True
        self._leave_out(job.name, reason)
        return False

    def _leave_out(self, name: str, reason: str) -> None:
        self._failed[name] = " ".join(reason.split())
        if len(self._failed) >= FAILED_JOBS_MAX:
            self.check()
