"""What is the account's fault is not the mail's: it is due again, slowly and loudly, and goes out at last."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.config import Config
from redis import ConnectionError as RedisConnectionError
from redis import RedisError

from config.redis import make_client
from config.resources import resources
from services import redis_service
from tests.support.replaced import replace_for_test
from tests.support.steered import Document, Steered
from utils import metrics
from utils.circuit_breaker import CircuitBreaker
from workers.mail_gate import MailGate, Outcome
from workers.mail_hold import HOLD_SECONDS, MailHold

# By what SES does: the word that is told about it.
ACCOUNT_FAULTS = {
    "sender not verified": "SenderNotVerified",
    "nobody verified": "SenderNotVerified",
    "no MX": "MailFromDomainNotVerifiedException",
    "no configuration set": "ConfigurationSetDoesNotExist",
    "configuration set paused": "ConfigurationSetSendingPausedException",
    "paused": "AccountSendingPausedException",
    "paused in words": "SendingPaused",
    "bad key": "InvalidClientTokenId",
    "bad signature": "SignatureDoesNotMatch",
    "bad clock": "RequestExpired",
    "expired keys": "ExpiredToken",
    "no permission": "AccessDeniedException",
    "denied": "AccessDenied",
    "unauthorized": "UnrecognizedClientException",
    "a code of next year": "SomethingElseException",
}


@pytest.fixture(autouse=True)
def no_word_stays(steered: Steered) -> Iterator[None]:
    """Redis is everybody's here."""
    yield
    redis_service.note_mails_go_out()


def told(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """The lines about mails that stand still."""
    lines: list[Any] = [record.msg for record in caplog.records]
    return [line for line in lines if isinstance(line, dict) and line["event"] == "mails_held"]


def gauge(reason: str) -> float:
    return metrics.mails_held.labels(reason)._value.get()  # type: ignore[no-any-return]


def orders_of(steered: Steered, count: int) -> list[Document]:
    """So many processed orders, each of a user of its own, whose mails were not tried yet."""
    product_id = steered.product(100)
    steered.restart_mails(places=0)
    order_ids = [steered.place(steered.user(), {product_id: 1}) for _ in range(count)]
    for order_id in order_ids:
        steered.deliver(order_id)
    return [steered.read(order_id) for order_id in order_ids]


def sweep(steered: Steered, *faults: str) -> None:
    """One round, for which SES has these faults. Its gate is quick again: time stands still here."""
    steered.mail_step._gate = MailGate(1e9, places=100)
    steered.ses.plan(*faults)
    steered.sweep()


@pytest.mark.parametrize("fault", ACCOUNT_FAULTS)
def test_an_account_at_fault_loses_no_mail_and_is_told_once(
    steered: Steered, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    reason = ACCOUNT_FAULTS[fault]
    orders = orders_of(steered, 2)
    steered.restart_mails()

    for tries in (1, 2, 3):
        sweep(steered, fault, fault)
        for order in orders:
            after = steered.read(order["_id"])
            assert after["mail"] == {"state": "due", "attempts": tries}
            wait = after["nextActionAt"] - steered.now
            assert timedelta(0) < wait <= timedelta(seconds=2**tries)
        assert redis_service.mails_held() == reason
        assert gauge(reason) == 1
        steered.wait(60)
    assert [line["reason"] for line in told(caplog)] == [reason]
    assert steered.ses.mails == []

    sweep(steered)

    assert len(steered.ses.mails) == 2
    assert {steered.read(order["_id"])["mail"]["state"] for order in orders} == {"sent"}
    assert redis_service.mails_held() is None
    assert gauge(reason) == 0


@pytest.mark.parametrize("fault", ["refused", "bad address", "too large"])
def test_what_is_the_mails_fault_is_refused_and_holds_no_other(steered: Steered, fault: str) -> None:
    first, second = orders_of(steered, 2)
    steered.restart_mails()

    sweep(steered, fault)

    states = {steered.read(order["_id"])["mail"]["state"] for order in (first, second)}
    assert states == {"refused", "sent"}
    assert redis_service.mails_held() is None


def test_another_fault_of_the_account_is_told_anew(
    steered: Steered, caplog: pytest.LogCaptureFixture
) -> None:
    orders_of(steered, 1)
    steered.restart_mails()
    for fault in ("bad key", "bad key", "no MX", "no MX"):
        sweep(steered, fault)
        steered.wait(300)

    reasons = ["InvalidClientTokenId", "MailFromDomainNotVerifiedException"]
    assert [line["reason"] for line in told(caplog)] == reasons
    assert [gauge(reason) for reason in reasons] == [0, 1]
    assert redis_service.mails_held() == reasons[1]
    sweep(steered)
    assert len(steered.ses.mails) == 1


def test_in_the_sandbox_others_get_their_mails_and_the_word_stays(
    steered: Steered, caplog: pytest.LogCaptureFixture
) -> None:
    """A mail to a verified recipient says nothing of the others, who get theirs once it is left."""
    orders = orders_of(steered, 2)
    steered.restart_mails()

    sweep(steered, "recipient not verified")

    states = [steered.read(order["_id"])["mail"]["state"] for order in orders]
    assert sorted(states) == ["due", "sent"]
    assert redis_service.mails_held() == "RecipientNotVerified"
    assert len(told(caplog)) == gauge("RecipientNotVerified") == 1

    steered.wait(300)
    sweep(steered)
    assert len(steered.ses.mails) == 2
    steered.wait(HOLD_SECONDS)
    sweep(steered)
    assert redis_service.mails_held() is None
    assert gauge("RecipientNotVerified") == 0


def test_a_hold_that_no_mail_meets_any_more_is_forgotten(steered: Steered) -> None:
    """Another worker sends what there is to send, say."""
    orders_of(steered, 1)
    steered.restart_mails()
    sweep(steered, "bad key")
    steered.database["orders"].delete_many({})

    steered.wait(HOLD_SECONDS - 1)
    sweep(steered)
    assert gauge("InvalidClientTokenId") == 1
    steered.wait(1)
    sweep(steered)

    assert gauge("InvalidClientTokenId") == 0
    assert redis_service.mails_held() is None


def test_the_word_goes_by_itself_when_its_worker_is_gone(steered: Steered) -> None:
    MailHold().begin("InvalidClientTokenId", of_recipient=False)
    with make_client(resources().settings.redis_address) as redis:
        assert 0 < redis.ttl("mails:held") <= HOLD_SECONDS


def test_a_worker_that_starts_anew_takes_the_word_back(steered: Steered) -> None:
    """Whoever mends keys or settings restarts the worker."""
    orders_of(steered, 1)
    steered.restart_mails()
    sweep(steered, "bad key")
    steered.wait(60)
    steered.restart_mails()

    sweep(steered)

    assert len(steered.ses.mails) == 1
    assert redis_service.mails_held() is None


def test_without_keys_nothing_is_sent_and_the_mail_waits(
    steered: Steered, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A role that is gone: boto3 finds no keys."""
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    keyless = boto3.Session().client(
        "ses", endpoint_url=steered.ses.url, region_name="us-east-1", config=Config(proxies={})
    )
    (order,) = orders_of(steered, 1)
    steered.restart_mails()
    with monkeypatch.context() as patch:
        replace_for_test(patch, steered.app, ses=keyless)
        steered.sweep()

    assert steered.read(order["_id"])["mail"] == {"state": "due", "attempts": 1}
    assert redis_service.mails_held() == "NoCredentialsError"
    assert steered.ses.requests == 0


def test_without_redis_mails_wait_and_go_out_alike(steered: Steered, monkeypatch: pytest.MonkeyPatch) -> None:
    (order,) = orders_of(steered, 1)
    steered.restart_mails()

    def gone(*_: object, **__: object) -> None:
        raise RedisConnectionError

    with monkeypatch.context() as patch:
        replace_for_test(
            patch, steered.app, redis_circuit=CircuitBreaker("redis of this test", (RedisError,))
        )
        patch.setattr("redis.connection.Connection.connect", gone)
        sweep(steered, "bad key")
        assert steered.read(order["_id"])["mail"]["state"] == "due"
        assert gauge("InvalidClientTokenId") == 1
        steered.wait(300)
        sweep(steered)
    assert steered.read(order["_id"])["mail"]["state"] == "sent"
    assert gauge("InvalidClientTokenId") == 0


def test_a_held_mail_makes_the_gate_as_slow_as_it_gets_at_once() -> None:
    gate = MailGate(1e9, places=5)
    assert gate.enter(0)

    gate.leave(Outcome.HELD, "as planned")

    assert gate.enter(0)
    assert not gate.enter(0), "the next one may go in 30 s"
