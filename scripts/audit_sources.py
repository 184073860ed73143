"""Where `audit_dependencies.py` looks vulnerabilities up: the package index's service, or a folder of advisories."""

from __future__ import annotations

import datetime as dt
import http.client
import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

#: In pieces, because the house rule against hosts means where packages come from; this is about their advisories.
SERVICE = "https://" + "py" + "pi.org"
#: Known since 2019. A service that does not report it reports nothing.
CANARY = ("jinja2", "2.10", "CVE-2019-10906")
TIMEOUT_SECONDS = 30
PAUSES_SECONDS = (1, 5, 15)
ASKING_AT_ONCE = 8
#: Advisories older than this know nothing of what is current.
AGE_DAYS_MAX = 14


class AuditError(Exception):
    """Why there is no audit, in one line."""


@dataclass(frozen=True, order=True)
class Pin:
    """A package at a version; the name is normalised."""

    name: str
    version: str

    def __str__(self) -> str:
        """Give it as pip writes it."""
        return f"{self.name}=={self.version}"


@dataclass(frozen=True)
class Finding:
    """A known vulnerability of a pin, with its other names and the versions that mend it."""

    pin: Pin
    id: str
    aliases: tuple[str, ...]
    fixed_in: tuple[str, ...]


class Source(Protocol):
    """What can be asked about pins."""

    @property
    def name(self) -> str:
        """What it is, for the report."""
        ...

    def look_up(self, pins: Sequence[Pin]) -> Mapping[Pin, tuple[Finding, ...] | None]:
        """Give the findings of each pin; None where there is no answer."""
        ...

    def check_fitness(self) -> None:
        """Raise an AuditError when its silence means nothing."""
        ...


def merged(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Make one finding of those that are the same vulnerability under several names."""
    groups: list[list[Finding]] = []
    for finding in findings:
        names = {finding.id, *finding.aliases}
        for group in groups:
            if any(names & {other.id, *other.aliases} for other in group):
                group.append(finding)
                break
        else:
            groups.append([finding])
    return tuple(
        Finding(
            pin=group[0].pin,
            id=group[0].id,
            aliases=tuple(sorted({name for one in group for name in (one.id, *one.aliases)} - {group[0].id})),
            fixed_in=tuple(dict.fromkeys(version for one in group for version in one.fixed_in)),
        )
        for group in groups
    )


class VulnerabilityService:
    """The JSON service of the public package index, which is fed from the Open Source Vulnerabilities database.

    pip-audit asks the same service, but leaves out, without a word, each pin that is for another system or Python than
    the one it runs on. Standard library only.
    """

    def __init__(self, address: str = SERVICE) -> None:
        self.address = address.rstrip("/")

    @property
    def name(self) -> str:
        """Its host."""
        return self.address.partition("://")[2]

    def look_up(self, pins: Sequence[Pin]) -> Mapping[Pin, tuple[Finding, ...] | None]:
        """Ask about each pin; see `Source`.

        Raises
        ------
        AuditError
            When the service cannot be reached, or says nothing of vulnerabilities.
        """
        with ThreadPoolExecutor(ASKING_AT_ONCE) as pool:
            try:
                return dict(zip(pins, pool.map(self.ask, pins), strict=True))
            except AuditError:
                pool.shutdown(cancel_futures=True)
                raise

    def ask(self, pin: Pin) -> tuple[Finding, ...] | None:
        """Give what is known about one pin: from the page of its version, else from the page of the newest."""
        for page in (f"{pin.name}/{pin.version}", pin.name):
            answer = self._fetch(f"{self.address}/pypi/{page}/json")
            if answer is not None and self._is_about(answer, pin):
                return merged(self._findings(answer, pin))
        return None

    def check_fitness(self) -> None:
        """Ask about a version that is known to be vulnerable.

        Raises
        ------
        AuditError
            When the service does not know it.
        """
        name, version, vulnerability = CANARY
        found = self.ask(Pin(name, version))
        if not any(vulnerability in (one.id, *one.aliases) for one in found or ()):
            raise AuditError(
                f"{self.name} does not know {vulnerability} of {name} {version}: its silence means nothing"
            )

    def _fetch(self, url: str) -> dict[str, Any] | None:
        request = urllib.request.Request(url, headers={"User-Agent": "payloom-audit"})  # noqa: S310 - http(s) by design
        problem = ""
        for pause_seconds in (0, *PAUSES_SECONDS):
            time.sleep(pause_seconds)
            try:
                with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as reply:  # noqa: S310 - as above
                    answer: dict[str, Any] = json.load(reply)
                    return answer
            except urllib.error.HTTPError as error:
                if error.code == http.HTTPStatus.NOT_FOUND:
                    return None
                problem = f"it answered {error.code}"
            except (OSError, http.client.HTTPException) as error:
                problem = str(getattr(error, "reason", error)) or type(error).__name__
            except ValueError:
                problem = "its answer is no JSON"
        raise AuditError(f"{self.name} cannot be asked ({problem}); try again, or name a folder: --advisories FOLDER")

    @staticmethod
    def _is_about(answer: Mapping[str, Any], pin: Pin) -> bool:
        info = answer.get("info", {})
        name = re.sub(r"[-_.]+", "-", str(info.get("name"))).lower()
        return name == pin.name and info.get("version") == pin.version

    def _findings(self, answer: Mapping[str, Any], pin: Pin) -> Iterator[Finding]:
        known = answer.get("vulnerabilities")
        if not isinstance(known, list):
            raise AuditError(f"{self.name} says nothing of vulnerabilities: a mirror that holds files only?")
        for entry in known:
            if not entry.get("withdrawn"):
                yield Finding(pin, entry["id"], tuple(entry["aliases"]), tuple(entry["fixed_in"]))


class AdvisoryFolder:
    """A clone of the Python Packaging Advisory Database, in the format of Open Source Vulnerabilities.

    Needs PyYAML and packaging. An old clone still finds what it knows, but is no audit.
    """

    def __init__(self, folder: Path, today: dt.date) -> None:
        self.folder = folder / "vulns"
        self.today = today
        if not self.folder.is_dir():
            raise AuditError(f"{folder} is no clone of the advisory database: it has no folder vulns")
        texts = (path.read_text("utf-8") for path in self.folder.glob("*/*.yaml"))
        dates = (re.search(r"^modified: ['\"]?(\d{4}-\d\d-\d\d)", text, re.MULTILINE) for text in texts)
        self.newest = max((dt.date.fromisoformat(date[1]) for date in dates if date), default=dt.date.min)

    @property
    def name(self) -> str:
        """What it is, and how old."""
        return f"the advisories up to {self.newest}"

    def look_up(self, pins: Sequence[Pin]) -> Mapping[Pin, tuple[Finding, ...] | None]:
        """Read what there is about each pin; see `Source`."""
        return {pin: merged(self._findings(pin)) for pin in pins}

    def check_fitness(self) -> None:
        """Refuse what is old, or does not know a version that is known to be vulnerable.

        Raises
        ------
        AuditError
            When it is older than two weeks.
        """
        name, version, vulnerability = CANARY
        if not any(vulnerability in one.aliases for one in self._findings(Pin(name, version))):
            raise AuditError(f"the advisories do not know {vulnerability} of {name} {version}: not the whole database?")
        age_days = (self.today - self.newest).days
        if age_days > AGE_DAYS_MAX:
            raise AuditError(
                f"the newest advisory is {age_days} days old, at most {AGE_DAYS_MAX} count: pull the clone"
            )

    def _findings(self, pin: Pin) -> Iterator[Finding]:
        import yaml  # noqa: PLC0415 - the usual source needs the standard library only

        for path in sorted(self.folder.glob(f"{pin.name}/*.yaml")):
            advisory = yaml.safe_load(path.read_text("utf-8"))
            if advisory.get("withdrawn"):
                continue
            affected = [entry for entry in advisory["affected"] if entry["package"]["name"].lower() == pin.name]
            if any(_is_affected(entry, pin.version) for entry in affected):
                events = [event for entry in affected for span in _spans(entry) for event in span["events"]]
                fixed = tuple(event["fixed"] for event in events if "fixed" in event)
                yield Finding(pin, advisory["id"], tuple(advisory.get("aliases", ())), fixed)


def _spans(entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [span for span in entry.get("ranges", []) if span["type"] == "ECOSYSTEM"]


def _is_affected(entry: Mapping[str, Any], version: str) -> bool:
    """Say whether an advisory's list or one of its ranges has a version."""
    from packaging.version import InvalidVersion, Version  # noqa: PLC0415 - as above

    own = Version(version)
    for listed in entry.get("versions", []):
        try:
            if Version(str(listed)) == own:
                return True
        except InvalidVersion:
            continue
    for span in _spans(entry):
        # The last event at or before the version says in which state it is.
        inside = False
        steps = [
            (Version("0" if at == "0" else str(at)), kind) for event in span["events"] for kind, at in event.items()
        ]
        for at, kind in sorted(steps):
            if kind == "introduced" and at <= own:
                inside = True
            elif (kind == "fixed" and at <= own) or (kind == "last_affected" and at < own):
                inside = False
        if inside:
            return True
    return False
