"""Which test files are tried on a mutant, in which order."""

import tomllib
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path

_CHOSEN = tomllib.loads(Path(__file__).with_name("chosen.toml").read_text())


def files_for(module: str, kills: Counter[str]) -> list[str]:
    """Paths of test files for a module such as "models/user.py": first those that killed most of its mutants
    so far (`kills` counts them by path), then those that chosen.toml names for it, then those for all."""
    named = [path_of(name) for name in (*names_for(module), *_CHOSEN["order"])]
    known = [path for path, _ in kills.most_common()]
    return list(dict.fromkeys([*known, *named]))


def names_for(module: str) -> list[str]:
    """What chosen.toml names for a module. KeyError when no row fits."""
    for pattern, names in _CHOSEN["modules"].items():
        if fnmatch(module, pattern):
            return list(names)
    raise KeyError(f"No row of chosen.toml fits {module}: name the tests that would notice a change in it.")


def path_of(name: str) -> str:
    """`orders/read` is tests/orders/test_read.py, `logs` is tests/test_logs.py."""
    folder, _, last = name.rpartition("/")
    return "/".join(filter(None, ("tests", folder, f"test_{last}.py")))
