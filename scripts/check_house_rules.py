"""Check the house rules that no linter knows. Run by `make lint`; standard library only.

- A file of more than 400 lines, or a function of more than 50 (without its docstring), carries a
  comment ``# long because: <reason>``.
- No module or folder has a name that says nothing, such as ``utils``.
- ``__init__.py`` holds public names only.
- No file names a package registry's host or a path of somebody's machine.

Docstrings are checked by ruff's D rules, layers by import-linter.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 50
EXCUSE = re.compile(r"#\s*long because: \S")
EMPTY_NAMES = frozenset({"common", "helper", "helpers", "misc", "util", "utils"})
#: Written in pieces, so that this file passes its own check.
HOSTS = ("py" + "pi.org", "python" + "hosted.org", "npm" + "js.org", "npm" + "js.com", "deb." + "debian.org")
FORBIDDEN_TEXT = {
    "a registry host": re.compile("|".join(map(re.escape, HOSTS)), re.IGNORECASE),
    "a machine path": re.compile(r"(?<![\w.}*/-])/(?:wor" + r"k|roo" + r"t|home/\w+|Users/\w+|opt/py" + r"pi)/"),
}
PUBLIC_NAMES = frozenset({"__all__", "__version__"})


def tracked_files(root: Path) -> list[Path]:
    """Files that git knows, or would add."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True,
        cwd=root,
        capture_output=True,
        text=True,
    ).stdout
    return sorted(path for name in set(listing.split("\0")) if name and (path := root / name).is_file())


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function, from `def` to its end, without its docstring."""
    length = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        length -= (first.end_lineno or first.lineno) - first.lineno + 1
    return length


def length_problems(text: str, tree: ast.Module) -> Iterator[str]:
    """Files and functions that are too long and do not say why."""
    lines = text.splitlines()
    if len(lines) > FILE_LINES_MAX and not any(EXCUSE.match(line) for line in lines):
        yield f"1: {len(lines)} lines (at most {FILE_LINES_MAX}): split it, or say `# long because: ...`"
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        length = code_lines(node)
        excused = any(EXCUSE.search(line) for line in lines[node.lineno - 1 : node.end_lineno])
        if length > FUNCTION_LINES_MAX and not excused:
            yield (
                f"{node.lineno}: {node.name} has {length} lines (at most {FUNCTION_LINES_MAX}): "
                "split it, or say `# long because: ...`"
            )


def is_public_name(node: ast.stmt) -> bool:
    """Say whether a statement belongs into `__init__.py`."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return True
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.If):
        return ast.unparse(node.test) == "TYPE_CHECKING" and all(map(is_public_name, node.body))
    if isinstance(node, ast.FunctionDef):
        return node.name in {"__getattr__", "__dir__"}  # a public name that is loaded when it is used
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return all(isinstance(target, ast.Name) and target.id in PUBLIC_NAMES for target in targets)


def python_problems(path: Path, text: str) -> Iterator[str]:
    """Problems of one Python file, each as ``line: message``."""
    tree = ast.parse(text)
    yield from length_problems(text, tree)
    if path.name == "__init__.py":
        for node in tree.body:
            if not is_public_name(node):
                yield f"{node.lineno}: code in __init__.py: only public names belong here"


def text_problems(text: str) -> Iterator[str]:
    """Registry hosts and machine paths, in any kind of file."""
    for number, line in enumerate(text.splitlines(), start=1):
        for what, pattern in FORBIDDEN_TEXT.items():
            if found := pattern.search(line):
                yield f"{number}: names {what}: {found.group()}"


def problems(root: Path) -> Iterator[str]:
    """Every problem below `root`, as ``path:line: message``."""
    for path in tracked_files(root):
        name = path.relative_to(root)
        empty = EMPTY_NAMES & {part.partition(".")[0].lower() for part in name.parts}
        if path.suffix == ".py" and empty:
            yield f"{name}:1: a name that says nothing: {', '.join(sorted(empty))}"
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        found = list(text_problems(text))
        if path.suffix == ".py":
            found.extend(python_problems(path, text))
        yield from (f"{name}:{problem}" for problem in found)


def main(root: Path = ROOT) -> int:
    """Print every problem; give 1 when there is one, else 0."""
    found = list(problems(root))
    print("\n".join(found) if found else "House rules hold")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
