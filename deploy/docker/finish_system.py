"""Make the system of an image ready: no installer, an unprivileged user, a folder for data, compiled Python.

Run as root in the last stage, by the Python of the image; standard library only.
"""

from __future__ import annotations

import compileall
import os
import py_compile
import shutil
import sysconfig
from pathlib import Path

UID = 10001
#: Parts of the standard library that install packages, show windows or are tests. Patterns of `lib/python3.x/`.
USELESS = ("ensurepip", "idlelib", "tkinter", "turtledemo", "turtle.py", "test", "pydoc_data", "site-packages/*")


def remove(path: Path) -> None:
    """Remove a file or a folder."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def main() -> None:
    """Finish the system."""
    library = Path(sysconfig.get_path("stdlib"))
    programs = Path(sysconfig.get_path("scripts"))
    for pattern in USELESS:
        for path in library.glob(pattern):
            remove(path)
    for pattern in ("pip*", "idle*", "pydoc*"):
        for path in programs.glob(pattern):
            remove(path)
    # The image of Python comes without bytecode.
    compileall.compile_dir(library, quiet=2, workers=1, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    with Path("/etc/passwd").open("a", encoding="utf-8") as users:
        users.write(f"payloom:x:{UID}:{UID}:payloom:/tmp:/sbin/nologin\n")
    with Path("/etc/group").open("a", encoding="utf-8") as groups:
        groups.write(f"payloom:x:{UID}:\n")
    Path("/data").mkdir()
    os.chown("/data", UID, UID)


if __name__ == "__main__":
    main()
