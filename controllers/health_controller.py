"""Is the process up, and is everything there that it needs?"""

from typing import NamedTuple

from config.resources import resources
from models.indexes import Missing
from services import redis_service
from services.probes import Probes


class Readiness(NamedTuple):
    """`status` is `ready`, `degraded` or `unavailable`; each dependency is `up` or `down`; MongoDB may
    also be `read-only`: it answers, and takes no writes. `mails_held` says why no mail goes out, if the
    account at SES is at fault: requests can be answered all the same."""

    status: str
    dependencies: dict[str, str]
    missing_indexes: list[str]
    mails_held: str | None = None


def readiness() -> Readiness:
    """Whether requests can be answered, and answered right.

    Without Redis, or an index that is there for speed, everything works, slower: degraded. Without an index
    that keeps two orders from having one key, it does not: unavailable.
    """
    probes = resources().probes
    mongodb, missing = _mongodb(probes)
    dependencies = {
        "mongodb": mongodb,
        "redis": "up" if probes.redis_answers() else "down",
        "sqs": "up" if probes.sqs_answers() else "down",
    }
    names = [index.name for index in missing]
    if mongodb != "up" or dependencies["sqs"] != "up" or any(index.vital for index in missing):
        return Readiness("unavailable", dependencies, names)
    ready = dependencies["redis"] == "up" and not names
    status = "ready" if ready else "degraded"
    return Readiness(status, dependencies, names, redis_service.mails_held())


def _mongodb(probes: Probes) -> tuple[str, list[Missing]]:
    """The state of MongoDB, and the indexes that are missing in it."""
    if not probes.mongodb_answers():
        return "down", []
    if not probes.mongodb_takes_writes():
        return "read-only", []
    missing = probes.missing_indexes()
    return ("down", []) if missing is None else ("up", missing)
