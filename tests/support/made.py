"""`make run`, as a newcomer starts it: nothing is configured, everything is started."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from local_stack.probes import free_port
from local_stack.programs import clean_environment, python
from tests.support.waiting import wait_for


def nothing_configured(directory: Path) -> dict[str, str]:
    """No setting at all but where to keep data and which port to take. A `.env` of the developer's is
    overridden by empty values, which count as missing."""
    unset = dict.fromkeys(
        ("MONGO_URI", "REDIS_HOST", "REDIS_URI", "SQS_QUEUE_URL", "SQS_URL", "JWT_SECRET"), ""
    )
    own = {"LOCAL_DIR": str(directory / "local"), "PORT": str(free_port()), "TMPDIR": str(directory)}
    return clean_environment({**unset, **own})


@contextmanager
def running(environment: Mapping[str, str], log: Path) -> Iterator[tuple[str, str]]:
    """The address of the API, and what is printed once all is up."""
    child = python(["server.py"], environment, log).start()
    try:
        wait_for(lambda: "\nReady." in child.output() or not child.running, "the system to be ready")
        assert child.running, child.output()
        yield f"http://127.0.0.1:{environment['PORT']}", "Ready." + child.output().partition("\nReady.")[2]
        assert child.stop(60) == 0
        assert "Stopped." in child.output()
    finally:
        child.kill()
