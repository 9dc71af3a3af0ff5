"""Is the process up, and is everything there that it needs?"""

from typing import NamedTuple

from services import probes, redis_service


class Readiness(NamedTuple):
    """`status` is `ready`, `degraded` or `unavailable`; each dependency is `up` or `down`."""

    status: str
    dependencies: dict[str, str]
    missing_indexes: list[str]


def readiness() -> Readiness:
    """Whether requests can be answered, and answered right.

    Without Redis, or an index that is there for speed, everything works, slower: degraded. Without an index
    that keeps two orders from having one key, it does not: unavailable.
    """
    missing = probes.missing_indexes() if probes.mongodb_answers() else None
    answering = {
        "mongodb": missing is not None,
        "redis": probes.redis_answers(),
        "sqs": probes.sqs_answers(),
    }
    dependencies = {name: "up" if answers else "down" for name, answers in answering.items()}
    names = [index.name for index in missing or ()]
    if not (answering["mongodb"] and answering["sqs"]) or any(index.vital for index in missing or ()):
        return Readiness("unavailable", dependencies, names)
    return Readiness("ready" if answering["redis"] and not names else "degraded", dependencies, names)


def mails_held() -> str | None:
    """Why no mail goes out, if the account at SES is at fault. Requests can be answered all the same."""
    return redis_service.mails_held()
