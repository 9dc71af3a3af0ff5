"""Each requirements file has what its code imports: production, then the local stack and the examples."""

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from local_stack.programs import ROOT

PRODUCTION = (
    *("server.py", "wsgi.py", "gunicorn.conf.py", "commands", "config", "controllers", "middleware"),
    *("models", "openapi", "routes", "services", "utils", "workers"),
)
TRACING = ("utils/spans.py",)  # imported where it is asked for
LOCAL = ("local_stack", "examples")


@pytest.mark.parametrize(
    ("code", "files"),
    [
        (PRODUCTION, ["requirements.txt"]),
        (TRACING, ["requirements.txt", "requirements-tracing.txt"]),
        (LOCAL, ["requirements.txt", "requirements-local.txt"]),
    ],
    ids=["production", "tracing", "make run"],
)
def test_what_is_imported_is_installed(code: tuple[str, ...], files: list[str]) -> None:
    installed = installed_by(files)
    own = {path.stem for path in [*ROOT.iterdir(), *(ROOT / "examples").glob("*.py")]}
    distributions = packages_distributions()

    lacking = {
        f"{file.relative_to(ROOT)}: {module}"
        for file, module in _imports(code)
        if (code == TRACING or file != ROOT / TRACING[0])
        and module not in own | sys.stdlib_module_names
        and not {_normal(name) for name in distributions.get(module, [])} & installed
    }
    assert not lacking


def test_all_that_is_brought_along_is_pinned() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = {_normal(line.partition("==")[0]) for line in lines if "==" in line}
    every = [path.name for path in ROOT.glob("requirements*.txt")]

    assert not installed_by(every) - pinned - {"pip", "setuptools"}  # which come with a virtual environment


def _imports(code: tuple[str, ...]) -> Iterator[tuple[Path, str]]:
    """Files, and the top-level modules that they import other than for the type checker alone."""
    for place in code:
        path = ROOT / place
        for file in path.rglob("*.py") if path.is_dir() else [path]:
            yield from ((file, module) for module in _modules(ast.parse(file.read_text())))


def _modules(tree: ast.AST) -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield (node.module or "").partition(".")[0]
        yield from _modules(node)


def installed_by(files: list[str]) -> set[str]:
    """The distributions that these files name, and all that those bring along."""
    lines = [line for file in files for line in (ROOT / file).read_text().splitlines()]
    wanted = [Requirement(line.partition("#")[0]) for line in lines if re.match(r"\w", line)]
    found: set[str] = set()
    while wanted:
        requirement = wanted.pop()
        name = _normal(requirement.name)
        if name in found or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        found.add(name)
        try:
            wanted += [Requirement(text) for text in requires(name) or []]
        except PackageNotFoundError:
            continue  # for another platform
    return found


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
