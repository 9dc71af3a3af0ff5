"""A field with a proxy in front of every server, and the queue's messages coming often, shuffled and late."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from local_stack.stack import LocalStack
from tests.faults.field import Field, running_field
from tests.faults.proxy import Proxy, mongo_through
from tests.faults.queue_shim import queue_shim


class Arena:
    """`proxies` by name: mongo, redis, sqs, ses. The field's processes know the proxies alone."""

    def __init__(self, field: Field, proxies: dict[str, Proxy]) -> None:
        self.field, self.proxies = field, proxies
        # The stack's own queue: it is made again when its server is killed.
        queue = field.stack.settings["SQS_QUEUE_URL"]
        field.settings.update(
            MONGO_URI=mongo_through(field.settings["MONGO_URI"], proxies["mongo"].port),
            REDIS_PORT=str(proxies["redis"].port),
            AWS_ENDPOINT_URL_SQS=_through(field.settings["AWS_ENDPOINT_URL_SQS"], proxies["sqs"]),
            AWS_ENDPOINT_URL_SES=_through(field.settings["AWS_ENDPOINT_URL_SES"], proxies["ses"]),
            SQS_QUEUE_URL=queue,
        )


@contextmanager
def running_arena(stack: LocalStack, directory: Path, seed: int) -> Iterator[Arena]:
    """Its SES and its queue are as random as the seed says."""
    with ExitStack() as parts:
        field = parts.enter_context(running_field(stack, directory, seed))
        queue_port = parts.enter_context(queue_shim(stack.servers["aws"].port, seed))
        ports = {
            "mongo": field.mongo_port,
            "redis": stack.servers["redis"].port,
            "sqs": queue_port,
            "ses": urlsplit(field.ses.url).port or 0,
        }
        yield Arena(field, {name: parts.enter_context(Proxy(port)) for name, port in ports.items()})


def _through(url: str, proxy: Proxy) -> str:
    return urlsplit(url)._replace(netloc=f"127.0.0.1:{proxy.port}").geturl()
