"""SES throttles or hangs with mails due: orders go on, SES is not pestered, each mail goes out in the end."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from local_stack.probes import free_port
from local_stack.stack import LocalStack
from tests.faults.due_mails import events_of, plant_due_mails
from tests.faults.field import Field, running_field
from tests.faults.shopper import Shopper
from tests.faults.time_travel import at_rest, pass_time
from tests.support.waiting import wait_for


@pytest.fixture
def field(stack: LocalStack, tmp_path: Path) -> Iterator[Field]:
    with running_field(stack, tmp_path) as field:
        yield field


def order_and_see_processed(field: Field, count: int) -> list[str]:
    """A customer who orders while SES is in trouble. Returns the ids of orders that were processed."""
    log = field.log("customer")
    field.add_product(log, "p", count)
    shopper = Shopper([field.api("customers_api").base], log)
    ids = [str(shopper.buy({"p": 1})["orderId"]) for _ in range(count)]
    wanted = {"orderId": {"$in": ids}, "status": "Processed"}
    wait_for(lambda: field.database["orders"].count_documents(wanted) == count, "all to be processed")
    return ids


def test_throttled_to_one_mail_a_second_500_due_mails_hold_nobody_up_and_all_go_out(field: Field) -> None:
    due = plant_due_mails(field, 500)
    field.ses.rate = 1
    worker = field.worker("worker", SES_MAX_SEND_RATE="50")
    wait_for(lambda: events_of(worker)["mails_slowed_down"], "SES to throttle")

    due += order_and_see_processed(field, 20)
    wait_for(lambda: len(field.ses.mails) >= 20, "some mails")

    assert len(field.ses.mails) < 300, "the orders were processed while mails still wait"
    assert field.ses.requests < 200, "at 50 a second, 20 mails come with 1000 requests"
    events = events_of(worker)
    assert (events["mails_slowed_down"], events["mail_not_sent"]) == (1, 0), "a line a state change, no more"
    field.ses.rate = 1000
    wait_for(lambda: len(field.ses.mails) >= len(due), "all mails", seconds=240)
    wait_for(lambda: at_rest(field.database), "all to be noted")
    assert Counter(field.ses.order_ids()) == dict.fromkeys(due, 1)
    assert events_of(worker)["mails_at_full_rate"] == 1


def test_while_ses_hangs_orders_are_processed_and_few_mails_are_tried(field: Field) -> None:
    """Each mail that hangs takes 10 s and has an unknown outcome, so it may be sent twice."""
    due = plant_due_mails(field, 50)
    field.ses.plan(*["hang"] * 1000)
    worker = field.worker("worker", MAIL_THREADS="2")
    wait_for(lambda: field.ses.requests >= 2, "the first mails to hang")

    due += order_and_see_processed(field, 20)

    assert field.ses.mails == []
    assert field.ses.requests < 20, "not one for each order"
    wait_for(lambda: events_of(worker)["mails_slowed_down"] == 1, "the first mails to time out")
    field.ses.forget()
    wait_for(lambda: all_sent(field, due), "all mails", seconds=240)
    unknown = events_of(worker)["mail_unknown"]
    assert len(field.ses.mails) <= len(due) + unknown


def test_while_the_account_is_at_fault_few_mails_are_tried_and_all_go_out_when_it_is_mended(
    field: Field,
) -> None:
    """It is told once, as a metric, and on /readyz of an API that never speaks with SES; not once a mail."""
    api, metrics_port = field.api("api"), free_port()
    due = plant_due_mails(field, 20)
    field.ses.plan(*["sender not verified"] * 1000)
    worker = field.worker("worker", WORKER_METRICS_PORT=str(metrics_port))

    def gauge() -> str:
        text = get(f"http://127.0.0.1:{metrics_port}/metrics").text
        return next((line for line in text.splitlines() if line.startswith("mails_held{")), "")

    wait_for(lambda: get(api.base + "/readyz").json().get("mails"), "the word")
    due += order_and_see_processed(field, 10)

    assert field.ses.mails == []
    assert field.ses.requests <= 10, "those that were on their way, then one in 30 s; not one for each order"
    ready = get(api.base + "/readyz")
    assert (ready.status_code, ready.json()["mails"]) == (200, "held: SenderNotVerified")
    assert ready.json()["status"] == "ready"
    assert gauge() == 'mails_held{reason="SenderNotVerified"} 1.0'

    field.ses.forget()
    wait_for(lambda: all_sent(field, due), "all mails", seconds=240)
    wait_for(lambda: "mails" not in get(api.base + "/readyz").json(), "the word to go")
    assert gauge() == 'mails_held{reason="SenderNotVerified"} 0.0'
    events = events_of(worker)
    assert (events["mails_held"], events["mails_held_no_longer"], events["mail_refused"]) == (1, 1, 0)
    assert Counter(field.ses.order_ids()) == dict.fromkeys(due, 1)


def get(url: str) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, timeout=10)


def all_sent(field: Field, due: list[str]) -> bool:
    """The pauses until a mail is tried again need not be waited out."""
    pass_time(field.database, claims=False)
    return set(field.ses.order_ids()) == set(due) and at_rest(field.database)
