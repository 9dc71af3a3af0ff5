"""How long is waited for what, and what MongoDB is asked to promise: nothing else would notice a change."""

import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from redis import Redis
from redis import TimeoutError as RedisTimeout

from config.redis import make_client
from config.resources import resources
from models import order_mail
from services.order_notifications import OrderWaiters
from tests.faults.proxy import Proxy
from tests.faults.toxics import Down, Silence
from tests.support.steered import Steered
from tests.support.waiting import wait_for


@pytest.fixture
def proxy(settings: Mapping[str, str]) -> Iterator[Proxy]:
    """A way to Redis that can be cut."""
    port = urlsplit(settings["REDIS_URI"]).port if settings.get("REDIS_URI") else settings["REDIS_PORT"]
    with Proxy(int(port or 6379)) as proxy:
        yield proxy


def test_a_redis_that_hangs_holds_nobody_up_for_seconds(proxy: Proxy) -> None:
    """0.25 s, and no second try: each request may wait for it."""
    with make_client(f"redis://127.0.0.1:{proxy.port}") as redis:
        assert redis.ping()
        proxy.set(Silence())

        assert min(seconds_in_vain(redis) for _ in range(3)) < 1


def seconds_in_vain(redis: Redis) -> float:
    start = time.monotonic()
    with pytest.raises(RedisTimeout):
        redis.get("x")
    return time.monotonic() - start


@pytest.mark.parametrize("toxic", [Down(), Silence()], ids=["down", "hanging"])
def test_who_waits_for_an_order_is_woken_when_redis_goes(
    steered: Steered, proxy: Proxy, toxic: Down | Silence
) -> None:
    """An end that is announced meanwhile is lost: they look for themselves."""
    waiters = OrderWaiters(f"redis://127.0.0.1:{proxy.port}", places=10)

    def granted() -> bool:
        with waiters.waiting_for("another order") as event:
            return event is not None

    wait_for(granted, "notifications to arrive")
    with waiters.waiting_for("an order") as ended:
        assert ended is not None
        assert not ended.is_set()
        proxy.set(toxic)

        assert ended.wait(60)

        wait_for(lambda: not granted(), "nobody else to wait")
    proxy.clear()
    wait_for(granted, "notifications to arrive again")


def test_every_write_waits_for_the_journals_of_a_majority(steered: Steered) -> None:
    """A 201 survives the loss of any one machine."""
    for name in ("orders", "inventories", "users", "tokenfamilies", "endedtokens"):
        assert resources().mongodb.collection(name).write_concern.document == {"w": "majority", "j": True}


def test_a_mail_is_claimed_for_longer_than_a_send_can_take(steered: Steered) -> None:
    """Else another worker would take the one that sends for dead, and send the mail again."""
    order_id = steered.place(steered.user(), {steered.product(5): 2})
    order: Any = {**steered.read(order_id), "mail": {"state": "due", "attempts": 0}}
    steered.database["orders"].update_one({"_id": order["_id"]}, {"$set": {"mail": order["mail"]}})
    client: Any = resources().ses.meta.config

    claimed = order_mail.claim_mail(order)

    assert claimed is not None
    life = claimed["mail"]["until"] - steered.now
    assert life == timedelta(seconds=120)
    assert life.total_seconds() > 5 * (client.connect_timeout + client.read_timeout)
