"""`make run`, and each thing that the board can break: what clients see meanwhile, and that it recovers.

What a card of the board says is held here, over HTTP and once in a browser.
"""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
import requests
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from tests.e2e.browser import chromium
from tests.support.client import Client
from tests.support.waiting import wait_for
from tests.support.whole_system import WholeSystem, running_system

SOON = {"SWEEP_SECONDS": "0.5", "RING_SECONDS": "3", "MAIL_RETRY_SECONDS": "5"}
SOON |= {"QUEUE_VISIBILITY_SECONDS": "1"}


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeSystem]:
    with running_system(tmp_path_factory.mktemp("break-it"), **SOON) as running:
        yield running


@pytest.fixture
def customer(system: WholeSystem) -> Client:
    return Client(system.base).register()


@pytest.fixture
def broken(customer: Client) -> Iterator[Callable[[str], None]]:
    """`broken("stop_sqs")` breaks it; after the test all is mended and well again."""
    begun: list[str] = []

    def begin(name: str) -> None:
        begun.append(name)
        answer = customer.put(f"/dev/break/{name}")
        assert answer.status_code == 200, answer.text

    yield begin
    for name in begun:
        customer.delete(f"/dev/break/{name}")
    wait_for(lambda: ready(customer) == "ready", "all to be well again")


def ready(client: Client) -> str:
    try:
        return str(client.get("/readyz").json()["status"])
    except requests.RequestException:
        return "no answer"


def board(client: Client) -> dict[str, Any]:
    shown: dict[str, Any] = client.get("/dev/board.json").json()
    return shown


def place(client: Client, key: str | None = None) -> str:
    answer = client.order({"keyboard": 1}, key=key)
    assert answer.status_code == 201, answer.text
    order_id: str = answer.json()["orderId"]
    return order_id


def events_of(client: Client, order_id: str) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = client.get(f"/api/orders/{order_id}/events").json()["data"]
    return events


def mails_of(client: Client) -> list[dict[str, Any]]:
    mails: list[dict[str, Any]] = client.get(
        f"/dev/mailbox?to={client.email}", headers={"Accept": "application/json"}
    ).json()["data"]
    return mails


def test_a_killed_worker_is_started_again_and_finishes_the_orders(
    customer: Client, broken: Callable[[str], None]
) -> None:
    before = board(customer)["workers"]

    broken("kill_worker")
    order_id = place(customer)

    assert customer.ended(order_id)["status"] == "Processed"
    wait_for(lambda: set(board(customer)["workers"]) - set(before), "a new worker on the board")
    wait_for(lambda: mails_of(customer), "its mail")


def test_while_the_api_is_killed_a_key_makes_one_order(
    customer: Client, broken: Callable[[str], None]
) -> None:
    key = uuid4().hex
    broken("kill_api")
    wait_for(lambda: ready(customer) == "no answer", "it to be gone")

    def try_again() -> requests.Response | None:
        try:
            answer = customer.order({"keyboard": 1}, key=key)
        except requests.RequestException:
            return None
        return answer if answer.status_code == 201 else None

    order_id = wait_for(try_again, "the API to take the order").json()["orderId"]
    again = customer.order({"keyboard": 1}, key=key)
    assert (again.json()["orderId"], again.headers["Idempotent-Replayed"]) == (order_id, "true")
    assert customer.ended(order_id)["status"] == "Processed"


def test_while_redis_is_stopped_orders_are_taken_and_shown(
    customer: Client, broken: Callable[[str], None]
) -> None:
    broken("stop_redis")

    order_id = place(customer)

    assert customer.ended(order_id)["status"] == "Processed"
    assert customer.get(f"/api/orders/{order_id}").headers["X-Cache"] == "miss"
    wait_for(lambda: ready(customer) == "degraded", "readiness to say so")


def test_while_sqs_is_stopped_a_sweep_finds_the_orders(
    customer: Client, broken: Callable[[str], None]
) -> None:
    broken("stop_sqs")
    wait_for(lambda: board(customer)["queue"] is None, "the board to say so")

    order_id = place(customer)

    assert customer.ended(order_id)["status"] == "Processed"


def test_a_throttled_ses_gets_its_mails_one_a_second_and_each_order_has_one(
    customer: Client, broken: Callable[[str], None]
) -> None:
    broken("throttle_ses")

    order_ids = [place(customer) for _ in range(4)]

    assert {customer.ended(order_id)["status"] for order_id in order_ids} == {"Processed"}
    wait_for(lambda: len(mails_of(customer)) == 4, "all mails")
    times = sorted(mail["sentAt"] for mail in mails_of(customer))
    assert len({time[:19] for time in times}) >= 3, times


def test_while_ses_hangs_orders_end_and_the_mail_comes_after_it(
    customer: Client, broken: Callable[[str], None]
) -> None:
    broken("hang_ses")
    order_id = place(customer)
    assert customer.ended(order_id)["status"] == "Processed"
    assert mails_of(customer) == []

    customer.delete("/dev/break/hang_ses")

    wait_for(lambda: len(mails_of(customer)) == 1, "its mail")


def test_while_the_account_is_paused_mails_are_held_and_come_after_it(
    customer: Client, broken: Callable[[str], None]
) -> None:
    broken("pause_ses")
    assert customer.ended(place(customer))["status"] == "Processed"
    wait_for(lambda: board(customer)["mailsHeld"], "the board to say that mails are held")
    assert mails_of(customer) == []

    customer.delete("/dev/break/pause_ses")

    wait_for(lambda: len(mails_of(customer)) == 1, "its mail", 120)


def test_a_message_that_comes_twice_changes_nothing(customer: Client, broken: Callable[[str], None]) -> None:
    order_id = place(customer)
    wait_for(lambda: events_of(customer, order_id)[-1]["event"] == "mail_sent", "the last event")
    before = events_of(customer, order_id)

    broken("deliver_twice")

    queue = {"waiting": 0, "inFlight": 0}
    wait_for(lambda: queue.items() <= (board(customer)["queue"] or {}).items(), "the messages to be done")
    assert events_of(customer, order_id) == before
    assert len(mails_of(customer)) == 1


def test_a_message_that_is_no_order_ends_among_the_dead_letters(
    customer: Client, broken: Callable[[str], None]
) -> None:
    broken("poison_message")
    assert customer.ended(place(customer))["status"] == "Processed"
    wait_for(lambda: (board(customer)["queue"] or {}).get("dead") == 1, "the dead letter")

    customer.delete("/dev/break/poison_message")

    wait_for(lambda: (board(customer)["queue"] or {}).get("dead") == 0, "it to be gone")


def test_an_odd_document_costs_nobody_anything_and_the_audit_names_it(
    customer: Client, broken: Callable[[str], None]
) -> None:
    assert customer.get("/dev/audit.json").json() == {"findings": [], "more": False}
    broken("odd_document")
    assert customer.ended(place(customer))["status"] == "Processed"
    wait_for(lambda: "odd-" in " ".join(customer.get("/dev/audit.json").json()["findings"]), "the audit")

    customer.delete("/dev/break/odd_document")

    wait_for(lambda: customer.get("/dev/audit.json").json()["findings"] == [], "all to be well")


@pytest.fixture
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with chromium(tmp_path_factory.mktemp("break") / "profile") as started:
        yield started


def test_it_is_broken_and_mended_by_the_buttons_of_the_board(
    browser: Chrome, system: WholeSystem, customer: Client
) -> None:
    def button(name: str) -> Any:
        return wait_for(lambda: browser.find_elements(By.ID, name), f"the button {name}")[0]

    def says(text: str) -> Callable[[], bool]:
        shown = "return document.querySelector('main').innerText"
        return lambda: text.lower() in str(browser.execute_script(shown)).lower()

    browser.set_window_size(1280, 1400)
    browser.get(f"{system.base}/dev")
    button("stop_redis").click()
    wait_for(says("Mend it"), "it to be broken")
    wait_for(says("Redis\ndown"), "the board to show that Redis is down")

    button("stop_redis").click()
    wait_for(says("Redis\nup"), "Redis to be up again")
    wait_for(lambda: not says("Mend it")(), "nothing to be broken")
    assert ready(customer) == "ready"
