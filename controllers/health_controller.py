"""Is the process up, and is everything there that it needs?"""

from services import probes


def readiness() -> tuple[str, dict[str, str]]:
    """`ready`, `degraded` or `unavailable`, and each dependency as `up` or `down`.

    Without Redis everything works, slower: degraded.
    """
    answering = {
        "mongodb": probes.mongodb_answers(),
        "redis": probes.redis_answers(),
        "sqs": probes.sqs_answers(),
    }
    dependencies = {name: "up" if answers else "down" for name, answers in answering.items()}
    if not (answering["mongodb"] and answering["sqs"]):
        return "unavailable", dependencies
    return "ready" if answering["redis"] else "degraded", dependencies
