"""Runs small runs in forked children and does harm to them; prints what broke as JSON.

One process pays for the imports. Each child changes `os` under the store and never returns.
"""

from __future__ import annotations

import errno
import json
import os
import resource
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import payloom.engine.inline  # noqa: F401 - the children inherit it instead of importing it themselves
from payloom.engine.task import Resources
from payloom.errors import PayloomError
from payloom.pipeline.generate import GenerateOptions, generate
from tests.engine.fake_source import FakeSource, batch
from tests.faults.trees import Tree, broken_promises, tree

CALLS = ("write", "fsync", "rename", "mkdir", "link", "unlink", "open", "rmdir")
SOURCE = FakeSource(rows=300, months=1)


def run(out: Path, source: FakeSource = SOURCE, *, overwrite: bool = False, **resources: Any) -> int:
    """Generate and return the exit code that a command line would."""
    try:
        generate(source, out, GenerateOptions(resources=Resources(**resources), overwrite=overwrite))
    except PayloomError as error:
        if "\n" in error.message or not error.hint:
            return 99
        return error.exit_code
    return 0


def in_child(work: Callable[[], int]) -> int:
    """Run in a forked child; return its exit code, or minus the signal that killed it."""
    child = os.fork()
    if child == 0:
        code = 98
        try:
            code = work()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def at_call(number: int, harm: Callable[[str, Callable, tuple], object]) -> Counter[str]:
    """Count the calls by kind, and let `harm` stand in for call `number`."""
    made: Counter[str] = Counter()

    def wrapped(name: str, call: Callable) -> Callable:
        def instead(*args: object, **kwargs: object) -> object:
            made[name] += 1
            if made.total() == number:
                return harm(name, call, args)
            return call(*args, **kwargs)

        return instead

    for name in CALLS:
        setattr(os, name, wrapped(name, getattr(os, name)))
    return made


def kill(name: str, call: Callable, args: tuple) -> object:
    """Die before the call; of a write, half happens."""
    if name == "write":
        call(args[0], bytes(args[1])[: len(args[1]) // 2])
    os.kill(os.getpid(), signal.SIGKILL)
    return None


def failing(code: int) -> Callable[[str, Callable, tuple], object]:
    def fail(name: str, call: Callable, args: tuple) -> object:
        raise OSError(code, os.strerror(code))

    return fail


def short_write(name: str, call: Callable, args: tuple) -> object:
    return call(args[0], bytes(args[1])[: max(1, len(args[1]) // 2)]) if name == "write" else call(*args)


def calls_of_a_run(out: Path, **options: Any) -> int:
    """How many of the watched calls an undisturbed run makes."""
    note = out.with_suffix(".calls")

    def work() -> int:
        made = at_call(0, kill)
        code = run(out, **options)
        note.write_text(json.dumps(made))
        return code

    assert in_child(work) == 0
    shutil.rmtree(out)
    return counted(note)


def counted(note: Path) -> int:
    """Return the calls that a run noted, after making sure that none of the kinds went by unseen."""
    made = json.loads(note.read_text())
    unseen = [name for name in CALLS if not made.get(name)]
    assert not unseen, f"the run made no call that could be harmed: {unseen}"
    return sum(made.values())


def disturbed(
    out: Path, whole: Tree, numbers: Iterator[int], harm: Callable, allowed: tuple[int, ...], **options: Any
) -> Iterator[str]:
    """For each call number: a fresh run that is harmed there, the oracle, the same command again, the oracle."""
    for number in numbers:
        shutil.rmtree(out, ignore_errors=True)

        def work(number: int = number) -> int:
            at_call(number, harm)
            return run(out, **options)

        code = in_child(work)
        if code not in allowed:
            yield f"call {number}: exit code {code}"
        if out.exists():
            yield from (f"call {number}: {wrong}" for wrong in broken_promises(out, whole))
        again = in_child(lambda: run(out, **options))
        if again != 0 or tree(out) != whole:
            yield f"call {number}: a second run gives {again}, tree equal: {tree(out) == whole}"


def crash(root: Path, stride: int) -> Iterator[str]:
    """Kill -9 at every call."""
    yield from _every_call(root, stride, kill, (-signal.SIGKILL, 0))


def crash_workers(root: Path, stride: int) -> Iterator[str]:
    """Kill -9 the run at its own calls while two workers write; they must not outlive it."""
    source = FakeSource(rows=300, months=2)
    assert in_child(lambda: run(root / "whole", source)) == 0
    whole = tree(root / "whole")
    total = calls_of_a_run(root / "out", source=source, workers=2)
    numbers = iter(range(1, total + 1, stride))
    yield from disturbed(root / "out", whole, numbers, kill, (-signal.SIGKILL, 0), source=source, workers=2)


def crash_overwrite(root: Path, stride: int) -> Iterator[str]:
    """Kill -9 at every call of a run that replaces other data: old or new is visible, never both."""
    old, out = FakeSource(rows=300, months=2, seed=1), root / "out"
    trees = {}
    for name, source in (("old", old), ("new", SOURCE)):
        assert in_child(lambda name=name, source=source: run(root / name, source)) == 0  # type: ignore[misc]
        trees[name] = tree(root / name)

    note = root / "calls"

    def overwriting(number: int) -> int:
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(root / "old", out)

        def work() -> int:
            made = at_call(number, kill)
            code = run(out, overwrite=True)
            note.write_text(json.dumps(made))
            return code

        return in_child(work)

    assert overwriting(0) == 0
    for number in range(1, counted(note) + 1, stride):
        code = overwriting(number)
        # Files are removed by threads, and which of them finds a folder empty is chance: so is the number of calls.
        if code not in {-signal.SIGKILL, 0} or all(broken_promises(out, whole) for whole in trees.values()):
            yield f"call {number}: exit code {code}, neither the old nor the new data"
        if in_child(lambda: run(out, overwrite=True)) != 0 or tree(out) != trees["new"]:
            yield f"call {number}: the same command gives another tree"


def _every_call(root: Path, stride: int, harm: Callable, allowed: tuple[int, ...]) -> Iterator[str]:
    assert in_child(lambda: run(root / "whole")) == 0
    whole = tree(root / "whole")
    total = calls_of_a_run(root / "out")
    assert total > 50, total
    yield from disturbed(root / "out", whole, iter(range(1, total + 1, stride)), harm, allowed)


def io_errors(root: Path, stride: int) -> Iterator[str]:
    """EIO at every call: exit code 5, or 0 where it hit a clean-up."""
    yield from _every_call(root, stride, failing(errno.EIO), (5, 0))


def no_space(root: Path, stride: int) -> Iterator[str]:
    """ENOSPC at every call."""
    yield from _every_call(root, stride, failing(errno.ENOSPC), (5, 0))


def short_writes(root: Path, stride: int) -> Iterator[str]:
    """A write that takes half of the bytes is finished, not failed."""
    yield from _every_call(root, stride, short_write, (0,))


def file_size_limit(root: Path, stride: int) -> Iterator[str]:
    """RLIMIT_FSIZE stands for a full disk."""
    assert in_child(lambda: run(root / "whole")) == 0
    whole = tree(root / "whole")

    def work() -> int:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (15_000, 15_000))
        return run(root / "out")

    code = in_child(work)
    if code != 5:
        yield f"exit code {code}"
    yield from broken_promises(root / "out", whole)
    if in_child(lambda: run(root / "out")) != 0 or tree(root / "out") != whole:
        yield "a second run gives another tree"


def races(root: Path, rounds: int) -> Iterator[str]:
    """Two writers at once: the same config ends in one tree, another config gets 4."""
    other = FakeSource(rows=300, months=1, seed=1)
    wholes = []
    for source in (SOURCE, other):
        out = root / f"whole{source.seed}"
        assert in_child(lambda source=source, out=out: run(out, source)) == 0  # type: ignore[misc]
        wholes.append(tree(out))
    for number in range(rounds):
        out = root / "out"
        shutil.rmtree(out, ignore_errors=True)
        start_at = time.monotonic() + 0.01
        sources = (SOURCE, SOURCE if number % 2 else other)
        children = []
        for source in sources:
            child = os.fork()
            if child == 0:
                code = 98
                try:
                    while time.monotonic() < start_at:
                        pass
                    code = run(out, source)
                finally:
                    os._exit(code)
            children.append(child)
        codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        if number % 2:
            good = codes == [0, 0] and tree(out) == wholes[0]
        else:
            good = sorted(codes) == [0, 4] and tree(out) == wholes[codes.index(0)]
        if not good:
            yield f"race {number}: exit codes {codes}"


def main(mode: str, root: str, amount: str) -> None:
    batch("payments", 0, 1)  # what pyarrow imports late, the children inherit
    modes = {
        work.__name__: work
        for work in (
            crash,
            crash_workers,
            crash_overwrite,
            io_errors,
            no_space,
            short_writes,
            file_size_limit,
            races,
        )
    }
    print(json.dumps(list(modes[mode](Path(root), int(amount)))))


if __name__ == "__main__":
    main(*sys.argv[1:])
