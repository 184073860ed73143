"""Look up every pin of requirements/ among the known vulnerabilities. Run by `make audit`.

    python scripts/audit_dependencies.py [FILE ...] [--advisories FOLDER]

Asks the package index that everybody installs from; `--advisories` reads a clone of the Python Packaging Advisory
Database instead, which needs no network. Every pin counts, also those for other systems and Pythons: an audit that
leaves one out is no audit. Exit code 0: all looked up, nothing known; 1: something is known; 2: could not audit.
What is known and accepted for a while stands in .github/audit-waivers.toml, with its reason and its last day.
"""

from __future__ import annotations

import argparse
import datetime as dt
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from scripts.audit_sources import AdvisoryFolder, AuditError, Finding, Pin, Source, VulnerabilityService

ROOT = Path(__file__).resolve().parent.parent
WAIVERS = ROOT / ".github" / "audit-waivers.toml"
#: A waiver is a promise to look again.
WAIVER_DAYS_MAX = 180
PIN = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[^\s;\\]+)\s*(;[^\\]*)?\\")
HASH = re.compile(r"\s+--hash=sha256:[0-9a-f]{64}(\s*\\)?")


@dataclass(frozen=True)
class Waiver:
    """A vulnerability of one package that is accepted until a day."""

    package: str
    id: str
    reason: str
    until: dt.date


def read_pins(path: Path) -> tuple[Pin, ...]:
    """Give the pins of a lock, in order, each once.

    Raises
    ------
    AuditError
        When a line is neither a comment, a pin nor a hash, a pin has no hash, or there is no pin.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        raise AuditError(f"{path.name} cannot be read: {error.strerror}") from None
    hashes: dict[Pin, int] = {}
    last: Pin | None = None
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        if match := PIN.fullmatch(line.rstrip()):
            last = Pin(re.sub(r"[-_.]+", "-", match["name"]).lower(), match["version"])
            hashes.setdefault(last, 0)
        elif last is not None and HASH.fullmatch(line.rstrip()):
            hashes[last] += 1
        else:
            raise AuditError(f"{path.name}:{number} is neither a pin with hashes nor a hash: {line.strip()[:60]}")
    bare = [str(pin) for pin, count in hashes.items() if not count]
    if bare or not hashes:
        raise AuditError(f"{path.name} has {'pins without a hash: ' + ', '.join(bare) if bare else 'no pin at all'}")
    return tuple(hashes)


def read_waivers(path: Path, today: dt.date) -> tuple[Waiver, ...]:
    """Give what is accepted today.

    Raises
    ------
    AuditError
        When a waiver has no reason, is over, or lasts longer than half a year.
    """
    entries = tomllib.loads(path.read_text("utf-8")).get("waiver", []) if path.exists() else []
    waivers = []
    for entry in entries:
        if set(entry) != {"package", "id", "reason", "until"} or not isinstance(entry["until"], dt.date):
            raise AuditError(f"{path.name}: a waiver has package, id, reason and until = YYYY-MM-DD, not {entry}")
        waiver = Waiver(**entry)
        if len(waiver.reason.split()) < 3:
            raise AuditError(f"{path.name}: the waiver of {waiver.id} says no reason")
        if waiver.until < today:
            raise AuditError(f"{path.name}: the waiver of {waiver.id} for {waiver.package} ended on {waiver.until}")
        if (waiver.until - today).days > WAIVER_DAYS_MAX:
            raise AuditError(f"{path.name}: the waiver of {waiver.id} lasts longer than {WAIVER_DAYS_MAX} days")
        waivers.append(waiver)
    return tuple(waivers)


def waived_by(finding: Finding, waivers: Iterable[Waiver]) -> Waiver | None:
    """Give the waiver that covers a finding, by any of its names."""
    for waiver in waivers:
        if waiver.package == finding.pin.name and waiver.id in {finding.id, *finding.aliases}:
            return waiver
    return None


def report(
    files: Mapping[str, Sequence[Pin]], answers: Mapping[Pin, tuple[Finding, ...] | None], waivers: Sequence[Waiver]
) -> tuple[int, int, int]:
    """Print the audit, file by file; give how many findings are open, how many waived, and how many pins unanswered."""
    for name, pins in files.items():
        known = [finding for pin in pins for finding in answers[pin] or ()]
        asked = sum(answers[pin] is not None for pin in pins)
        print(f"{name}: {len(pins)} pins, {asked} looked up, {len(known)} known vulnerabilities")
    opened = waived = 0
    for pin in sorted(answers):
        for finding in answers[pin] or ():
            waiver = waived_by(finding, waivers)
            waived += waiver is not None
            opened += waiver is None
            names = ", ".join([finding.id, *finding.aliases])
            fixed = f"fixed in {', '.join(finding.fixed_in)}" if finding.fixed_in else "no fixed version"
            print(f"  {pin}: {names}; {fixed}" + (f"; waived until {waiver.until}: {waiver.reason}" if waiver else ""))
            held = ", ".join(name for name, pins in files.items() if pin in pins)
            print(f"    in {held}")
    return opened, waived, sum(answer is None for answer in answers.values())


def audit(paths: Sequence[Path], source: Source, waivers: Sequence[Waiver]) -> int:
    """Audit files and give the exit code.

    Raises
    ------
    AuditError
        When not every pin was looked up.
    """
    files = {path.name: read_pins(path) for path in paths}
    pins = sorted({pin for pins in files.values() for pin in pins})
    print(f"Looking up {len(pins)} packages of {len(files)} files in {source.name}", file=sys.stderr, flush=True)
    answers = source.look_up(pins)
    if set(answers) != set(pins) or not pins:
        raise AuditError(f"{len(answers)} answers for {len(pins)} packages")
    opened, waived, unanswered = report(files, answers, waivers)
    print(
        f"{len(pins) - unanswered} of {len(pins)} packages looked up in {source.name} on {dt.date.today()}: "  # noqa: DTZ011 - the reader's day
        f"{opened + waived} known vulnerabilities, {waived} of them waived"
    )
    if unanswered:
        print(f"  not looked up: {', '.join(str(pin) for pin in sorted(answers) if answers[pin] is None)}")
        raise AuditError(f"{source.name} has no answer about {unanswered} of {len(pins)} packages (listed above)")
    source.check_fitness()
    return 1 if opened else 0


def main() -> None:
    """Read the arguments, audit, and end with the exit code that says how it went."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path, help="locks (default: requirements/*.txt)")
    parser.add_argument("--advisories", type=Path, metavar="FOLDER", help="clone of the advisory database to read")
    parser.add_argument("--service", metavar="URL", help="another service that answers as the public index does")
    parser.add_argument("--waivers", type=Path, default=WAIVERS, help="what is accepted for a while")
    options = parser.parse_args()
    paths = options.files or sorted((ROOT / "requirements").glob("*.txt"))
    today = dt.date.today()  # noqa: DTZ011 - waivers end with the reader's day
    try:
        service = VulnerabilityService(options.service) if options.service else VulnerabilityService()
        source: Source = AdvisoryFolder(options.advisories, today) if options.advisories else service
        code = audit(paths, source, read_waivers(options.waivers, today))
    except AuditError as error:
        print(f"error: could not audit: {error}", file=sys.stderr)
        sys.exit(2)
    if code:
        print("error: known vulnerabilities: `make lock ARGS=--upgrade`, or a waiver with a reason", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
