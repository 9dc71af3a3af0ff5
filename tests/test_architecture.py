"""The house stands as CONTRIBUTING.md says: who imports whom, and what lives where."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from local_stack.programs import ROOT

# Imports run one way: each room may use those named here, and nothing else of the project.
ROOMS = {
    "utils": set[str](),
    "config": {"utils"},
    "models": {"config", "utils"},
    "services": {"models", "config", "utils"},
    "controllers": {"services", "models", "config", "utils"},
    "openapi": {"models", "utils"},
    "middleware": {"models", "config", "utils"},
    "routes": {"controllers", "middleware", "openapi", "services", "models", "config", "utils"},
    "workers": {"services", "models", "config", "utils"},
    "server": {"routes", "middleware", "services", "models", "config", "utils"},
    "commands": {"server", "controllers", "openapi", "services", "models", "config", "utils"},
    "wsgi": {"server", "config", "utils"},
}
BESIDE = ("local_stack", "tests", "examples", "benchmarks", "deploy")
# What it holds comes from the rooms above it; it names their types, and imports nothing of them.
NAMES_TYPES_ABOVE = ROOT / "config" / "resources.py"


def files_of(room: str) -> list[Path]:
    """The Python files of a room, which is a folder or one file."""
    single = ROOT / f"{room}.py"
    return [single] if single.exists() else sorted((ROOT / room).rglob("*.py"))


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> Iterator[str]:
    """The modules that a file imports, anywhere in it: `from models import user` is models.user."""
    tree = tree_of(path)
    if path == NAMES_TYPES_ABOVE:
        tree = ast.Module([node for node in tree.body if not _is_for_types(node)], [])
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module, f"{path}: a relative import"
            for alias in node.names:
                inner = ROOT / node.module.replace(".", "/") / alias.name
                is_module = inner.is_dir() or inner.with_suffix(".py").exists()
                yield f"{node.module}.{alias.name}" if is_module else node.module


def _is_for_types(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


@pytest.mark.parametrize("folder", ["local_stack", "examples", "benchmarks"])
def test_what_stands_beside_the_application_does_not_import_the_tests(folder: str) -> None:
    imports = {(path.name, module) for path in files_of(folder) for module in imports_of(path)}

    assert imports
    assert not {pair for pair in imports if pair[1].partition(".")[0] == "tests"}


@pytest.mark.parametrize("room", ROOMS)
def test_imports_run_one_way(room: str) -> None:
    own = ROOMS[room] | {room}
    for path in files_of(room):
        for module in imports_of(path):
            top = module.partition(".")[0]
            if room == "server" and module in ("local_stack.packages", "local_stack.supervisor"):
                continue  # for `python server.py`
            assert top in own or top not in {*ROOMS, *BESIDE}, f"{path.name} imports {module}"


def test_every_folder_of_code_is_a_room_of_the_house() -> None:
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")}

    assert folders <= {*ROOMS, *BESIDE}


def test_no_imports_go_in_circles() -> None:
    files = {module_of(path): path for room in ROOMS for path in files_of(room)}

    graph = {name: {module for module in imports_of(path) if module in files} for name, path in files.items()}

    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def strings_of(path: Path) -> Iterator[str]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@pytest.mark.parametrize("room", [room for room in [*ROOMS, "local_stack", "examples"] if room != "models"])
def test_no_operator_of_mongodb_stands_outside_the_models(room: str) -> None:
    of_json_schema = {"$ref", "$id", "$schema", "$defs", "$comment"}
    for path in files_of(room):
        operators = {text for text in strings_of(path) if re.fullmatch(r"\$\$?[a-zA-Z]+", text)}
        assert operators <= of_json_schema, path.name


# What speaks with the outside, and the rooms that may know it.
VENDORS = {
    "boto3": {"config"},
    "botocore": {"config", "services"},
    "redis": {"config", "services"},
    "flask_pymongo": {"config"},
    "flask_cors": {"middleware"},
    "jwt": {"utils"},
    "flask_jwt_extended": {"utils"},
    "bcrypt": {"utils"},
}


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_vendor_is_known_in_its_own_rooms_alone(vendor: str) -> None:
    knowing = {
        room
        for room in ROOMS
        for path in files_of(room)
        if any(module.partition(".")[0] == vendor for module in imports_of(path))
    }

    assert knowing <= VENDORS[vendor]


def test_controllers_services_and_models_parse_no_http() -> None:
    for room in ("controllers", "services", "models"):
        for path in files_of(room):
            nodes = [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.ImportFrom)]
            names = {alias.name for node in nodes if node.module == "flask" for alias in node.names}
            assert names <= {"Flask", "current_app", "render_template"}, path.name


def test_errors_become_http_in_one_file() -> None:
    writing = {
        path.name
        for room in set(ROOMS) - {"openapi"}  # which describes them
        for path in files_of(room)
        if "application/problem+json" in strings_of(path)
    }

    assert writing == {"error_handler.py"}


def test_the_time_comes_from_one_clock() -> None:
    for room in ROOMS:
        for path in files_of(room):
            calls = {ast.unparse(node.func) for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)}
            assert not calls & {"datetime.now", "datetime.utcnow"} or path.name == "clock.py", path.name


def test_the_local_mongodb_is_run_and_never_imported() -> None:
    """Its licence, the GPL, would be the whole app's otherwise."""
    for room in ("local_stack", *ROOMS):
        for path in files_of(room):
            assert not any(module.lower().startswith("secantus") for module in imports_of(path)), path.name
