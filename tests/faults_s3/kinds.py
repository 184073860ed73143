"""The two ways into a bucket, and what must hold of both after any fault."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.trees import Tree
from tests.faults_s3.lab import Lab, Place, Run, broken_promises, kept
from tests.faults_s3.sources import QuickSource

NAMES = ("publish", "generate")


@dataclass
class Kind:
    """A way to bring a data set into a bucket, and the tree that an undisturbed run leaves."""

    name: str
    lab: Lab
    source: QuickSource
    folder: Path
    whole: Tree

    @classmethod
    def of(cls, name: str, lab: Lab, source: QuickSource, folder: Path) -> Kind:
        """Run once, undisturbed."""
        kind = cls(name, lab, source, folder, {})
        place = lab.place()
        run = kind.start(place)
        assert run.wait() == 0, run.said
        kind.whole = place.tree()
        place.clear()
        return kind

    def start(self, place: Place, *more: str, **settings: Any) -> Run:
        """Start a run."""
        if self.name == "publish":
            return self.lab.publish(self.folder, place, *more, **settings)
        return self.lab.generate(self.source, place.url, **settings)

    def leave_unfinished(self, place: Place) -> None:
        """Leave what a run leaves that was killed before its end: a part and the manifest are not there."""
        run = self.start(place)
        assert run.wait() == 0, run.said
        for key in self.whole:
            if key.startswith(("_payloom/manifests/", "_payloom/made_with/", "customers/")):
                place.delete(key)

    def aftermath(self, place: Place, *, uploads_may_stay: bool = False) -> Iterator[str]:
        """Say what does not hold after a disturbed run: at once, after the same command, after `payloom clean`."""
        yield from broken_promises(place.tree(), self.whole)
        if not uploads_may_stay:
            yield from (f"unfinished upload: {key}" for key in place.unfinished())
        again = self.start(place)
        if again.wait() != 0:
            yield f"the same command again gives {again.code}: {again.said}"
        found = place.tree()
        if kept(found) != self.whole:
            yield f"the same command ends in another tree: {sorted(set(kept(found).items()) ^ set(self.whole.items()))}"
        for arguments in (("verify", place.url), ("clean", place.url, "--older-than", "0")):
            run = self.lab.command(*arguments)
            if run.wait() != 0:
                yield f"{arguments[0]} gives {run.code}: {run.said}"
        if place.tree() != self.whole:
            yield "cleaned, it is another tree"
        yield from (f"unfinished upload after clean: {key}" for key in place.unfinished())
