"""Write bills of materials (CycloneDX) to dist/: of payloom's own pins, and of the images that are there.

Run by `make sbom`. Python packages of an image come with the licence they name and the digest of their list of files;
packages of the system from the database of apk or dpkg.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion  # type: ignore[import-not-found]
from cyclonedx.validation.json import JsonStrictValidator  # type: ignore[import-not-found]

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from scripts.build_image import version
from scripts.image_engine import ROOT, TARGETS, Engine, ImageError, find_engine

DIST = ROOT / "dist"
#: Runs in the image.
LIST = r"""
import hashlib, importlib.metadata, json, pathlib
found = []
for one in importlib.metadata.distributions():
    files = one.read_text("RECORD") or ""
    found.append(["pypi", one.metadata["Name"], one.version, one.metadata.get("License-Expression")
        or one.metadata.get("License"), hashlib.sha256(files.encode()).hexdigest()])
apk, dpkg = pathlib.Path("/lib/apk/db/installed"), pathlib.Path("/var/lib/dpkg/status")
for path, kind, name, number, licence in ((apk, "apk/alpine", "P:", "V:", "L:"),
        (dpkg, "deb/debian", "Package: ", "Version: ", "-")):
    for block in path.read_text("utf-8").split("\n\n") if path.exists() else ():
        lines = block.splitlines()
        values = [next((x[len(key):] for x in lines if x.startswith(key)), None) for key in (name, number, licence)]
        if values[0] and values[1]:
            found.append([kind, *values, None])
print(json.dumps(found))
"""


def component(kind: str, name: str, number: str, licence: str | None, digest: str | None) -> dict[str, Any]:
    """Give one package as CycloneDX has it; a whole licence text is no name."""
    made: dict[str, Any] = {"type": "library", "name": name, "version": number, "purl": f"pkg:{kind}/{name}@{number}"}
    made["bom-ref"] = made["purl"]
    if licence and len(licence) < 100 and "\n" not in licence:
        made["licenses"] = [{"license": {"name": licence}}]
    if digest:
        made["properties"] = [{"name": "payloom:record:sha256", "value": digest}]
    return made


def write(path: Path, text: str) -> None:
    """Write a bill that the schema accepts.

    Raises
    ------
    ImageError
        When it does not.
    """
    problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if problem is not None:
        raise ImageError(f"{path.name} is not valid CycloneDX: {problem}")
    path.write_text(text, "utf-8")
    print(f"{path.relative_to(ROOT)}  {len(json.loads(text)['components'])} components")


def image_bill(engine: Engine, image: str) -> str:
    """Give the bill of one image."""
    done = engine.run(image, "-c", LIST, options=["--network=none", "--entrypoint=python"])
    if done.returncode:
        raise ImageError(f"{image} could not be read: {done.stderr.strip()[-200:]}")
    components = [component(*row) for row in sorted(json.loads(done.stdout), key=lambda row: row[:3])]
    unique = {one["bom-ref"]: one for one in components}
    subject = {"type": "container", "name": "payloom", "version": version(), "bom-ref": image}
    bill = {"$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json", "bomFormat": "CycloneDX",
            "specVersion": "1.6", "version": 1, "metadata": {"component": subject},
            "components": list(unique.values())}  # fmt: skip
    return json.dumps(bill, indent=2) + "\n"


def main() -> None:
    """Write what can be written; without an engine or images, payloom's own bill only."""
    DIST.mkdir(exist_ok=True)
    tool = str(Path(sys.executable).with_name("cyclonedx-py"))
    command = [tool, "requirements", "--pyproject", "pyproject.toml", "--of", "JSON", "requirements/s3.txt"]
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
        if done.returncode:
            raise ImageError(f"cyclonedx-py failed: {done.stderr.strip()[-200:]}")
        write(DIST / "payloom.cdx.json", done.stdout)
        try:
            engine = find_engine()
        except ImageError as error:
            print(f"no bill of an image: {error}", file=sys.stderr)
            return
        for target in TARGETS:
            if engine.call("image", "inspect", f"payloom:{target}").returncode == 0:
                write(DIST / f"payloom-image-{target}.cdx.json", image_bill(engine, f"payloom:{target}"))
    except ImageError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
