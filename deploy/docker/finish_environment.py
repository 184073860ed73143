"""Make a virtual environment ready for an image: leave out what is of no use there, compile the rest.

Run in a build stage, by the Python of the image; standard library only.
"""

from __future__ import annotations

import compileall
import py_compile
import re
import shutil
import sys
from pathlib import Path

#: Folders inside packages. Only libraries' tests and C headers; `testing` modules are imported by some libraries.
USELESS = ("numpy/**/tests", "pyarrow/tests", "pyarrow/include", "pyarrow/src", "pandas/tests", "numpy/_core/include")
#: Files: what is linked against at build time, typing stubs, Cython sources.
USELESS_FILES = ("**/*.pyi", "**/*.pyx", "**/*.pxd", "**/*.a", "pyarrow/*.pxi")
#: Parts of pyarrow that payloom never imports: Flight (RPC) and Substrait (plans of queries), and second and third
#: copies of libraries under names that only a linker looks for.
USELESS_IN_SLIM = (
    "pyarrow/*flight*",
    "pyarrow/*substrait*",
    "pyarrow/libarrow_python.so",
    "pyarrow/libarrow_python.so.*.*",
    "pyarrow/libarrow_python_parquet_encryption.so",
    "pyarrow/libarrow_python_parquet_encryption.so.*.*",
    "numpy/f2py",
)
#: Colours for source code in 500 languages: no need to compile what prints no code.
NOT_COMPILED = re.compile(r"/pygments/(lexers|styles)/")
#: AWS services that payloom and the chain of credentials speak to; botocore describes 400 others.
SERVICES = frozenset({"athena", "glue", "s3", "signin", "sso", "sso-oidc", "sts"})


def remove(path: Path) -> int:
    """Remove a file or a folder, and give the number of bytes."""
    if not path.is_dir():
        size = path.lstat().st_size
        path.unlink()
        return size
    size = sum(file.lstat().st_size for file in path.rglob("*") if file.is_file())
    shutil.rmtree(path)
    return size


def prune(packages: Path, *, slim: bool) -> int:
    """Remove what is of no use, and give the number of bytes."""
    patterns = [*USELESS, *USELESS_FILES, *(USELESS_IN_SLIM if slim else ())]
    gone = sum(remove(path) for pattern in patterns for path in sorted(packages.glob(pattern)))
    if slim:
        services = [path for path in packages.glob("botocore/data/*") if path.is_dir()]
        gone += sum(remove(path) for path in services if path.name not in SERVICES)
    return gone


def main() -> None:
    """Prune and compile the environment that is named; `--slim` leaves out more."""
    environment = Path(sys.argv[1])
    (packages,) = environment.glob("lib/python3.*/site-packages")
    gone = prune(packages, slim="--slim" in sys.argv[2:])
    sys.stdout.write(f"Left out: {gone / 1e6:.1f} MB\n")
    # Some packages ship templates and tests that are no Python of this version; a file that is needed fails later.
    compileall.compile_dir(
        packages,
        quiet=2,
        rx=NOT_COMPILED,
        workers=0,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )


if __name__ == "__main__":
    main()
