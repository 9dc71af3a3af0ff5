"""Is the process up, and is everything there that it needs?"""

from typing import NamedTuple

from models.indexes import Missing
from services import probes, redis_service


class Readiness(NamedTuple):
    """`status` is `ready`, `degraded` or `unavailable`; each dependency is `up` or `down`; MongoDB may
    also be `read-only`: it answers, and takes no writes."""

    status: str
    dependencies: dict[str, str]
    missing_indexes: list[str]


def readiness() -> Readiness:
    """Whether requests can be answered, and answered right.

    Without Redis, or an index that is there for speed, everything works, slower: degraded. Without an index
    that keeps two orders from having one key, it does not: unavailable.
    """
    mongodb, missing = _mongodb()
    dependencies = {
        "mongodb": mongodb,
        "redis": "up" if probes.redis_answers() else "down",
        "sqs": "up" if probes.sqs_answers() else "down",
    }
    names = [index.name for index in missing]
    if mongodb != "up" or dependencies["sqs"] != "up" or any(index.vital for index in missing):
        return Readiness("unavailable", dependencies, names)
    ready = dependencies["redis"] == "up" and not names
    return Readiness("ready" if ready else "degraded", dependencies, names)


def _mongodb() -> tuple[str, list[Missing]]:
    """The state of MongoDB, and the indexes that are missing in it."""
    if not probes.mongodb_answers():
        return "down", []
    if not probes.mongodb_takes_writes():
        return "read-only", []
    missing = probes.missing_indexes()
    return ("down", []) if missing is None else ("up", missing)


def mails_held() -> str | None:
    """Why no mail goes out, if the account at SES is at fault. Requests can be answered all the same."""
    return redis_service.mails_held()
