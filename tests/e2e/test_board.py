"""The board in a browser: an order moves on it, is opened and found; axe finds nothing to mind."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from tests.e2e.browser import chromium
from tests.support import npm
from tests.support.client import PASSWORD, Client
from tests.support.collections import users
from tests.support.system import running_api, running_worker
from tests.support.waiting import wait_for


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with chromium(tmp_path_factory.mktemp("board") / "profile") as started:
        yield started


@pytest.fixture
def customer(api: str) -> Client:
    return Client(api).register()


def show(browser: Chrome, address: str, width: int = 1280, scheme: str = "light") -> None:
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    browser.get("about:blank")
    browser.get(address)
    wait_for(lambda: text(browser, "state") == "Live: once a second.", "the board to be live")


def text(browser: Chrome, element_id: str) -> str:
    return str(browser.execute_script(f"return document.getElementById('{element_id}').textContent"))


def card(browser: Chrome, customer: Client) -> str:
    """The first order of a customer, as it stands on the board."""
    found = "return [...document.querySelectorAll('#orders li')].map(li => li.textContent)"
    cards: list[str] = browser.execute_script(found)
    return next((shown for shown in cards if customer.email in shown), "")


def complaints(browser: Chrome) -> list[str]:
    return [entry["message"] for entry in browser.get_log("browser")]  # type: ignore[no-untyped-call]


def test_an_order_moves_on_the_board_without_a_reload(
    browser: Chrome,
    api: str,
    customer: Client,
    product: Callable[..., str],
    settings: dict[str, str],
    tmp_path: Path,
) -> None:
    """No worker runs at first, so it stays Pending until one comes."""
    show(browser, f"{api}/dev")

    customer.order({product(5): 2})
    wait_for(lambda: card(browser, customer).startswith("Pending"), "the order")
    with running_worker(settings, tmp_path / "worker.log") as worker:
        wait_for(lambda: card(browser, customer).startswith("Processed"), "it to be processed")
        wait_for(lambda: "mail sent" in card(browser, customer), "its mail")
        wait_for(lambda: f":{worker.pid}" in text(browser, "workers"), "the worker to be named")
    assert complaints(browser) == []


def test_an_order_is_found_by_its_customer_and_its_life_is_shown(
    browser: Chrome, api: str, customer: Client, product: Callable[..., str]
) -> None:
    order_id = customer.order({product(5): 1}).json()["orderId"]
    show(browser, f"{api}/dev")

    browser.find_element(By.ID, "query").send_keys(customer.email)
    browser.find_element(By.CSS_SELECTOR, "#search button").click()
    wait_for(lambda: text(browser, "timeline-title") == f"Order {order_id}", "the order")
    assert "accepted" in text(browser, "steps") and customer.email in text(browser, "facts")

    browser.find_element(By.ID, "close").click()
    wait_for(lambda: not is_open(browser, "timeline"), "it to close")
    browser.get(f"{api}/dev#order=no-such-order")
    wait_for(lambda: text(browser, "timeline-title") == "Nothing is found for that.", "the word")
    complaints(browser)  # the 404 is one


def is_open(browser: Chrome, dialog: str) -> bool:
    return bool(browser.execute_script(f"return document.getElementById('{dialog}')?.open"))


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_window(
    browser: Chrome, api: str, customer: Client, product: Callable[..., str], width: int, scheme: str
) -> None:
    npm.install()
    customer.order({product(5): 1})
    show(browser, f"{api}/dev", width, scheme)
    wait_for(lambda: card(browser, customer), "an order")

    browser.execute_script((npm.FOLDER / "axe-core" / "axe.min.js").read_text())
    found: dict[str, Any] = browser.execute_async_script("axe.run().then(arguments[0])")

    assert [(v["id"], [node["html"] for node in v["nodes"]]) for v in found["violations"]] == []
    scrolled = browser.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
    assert scrolled == [width, width]


def test_an_admin_logs_in_on_the_board_where_it_is_for_admins(
    browser: Chrome, settings: dict[str, str], app: Flask, tmp_path: Path
) -> None:
    log = tmp_path / "api.log"
    with running_api(settings, log, BOARD_FOR_ADMINS="true", MAILBOX_URL="", ACCESS_TOKEN_SECONDS="2") as (
        base,
        _,
    ):
        customer = Client(base).register()
        browser.get(f"{base}/dev")
        wait_for(lambda: is_open(browser, "login"), "the question for a login")

        log_in(browser, customer.email, "a wrong password")
        wait_for(lambda: "password" in text(browser, "login-state"), "the refusal")
        log_in(browser, customer.email, PASSWORD)
        wait_for(lambda: "needs an admin" in text(browser, "login-state"), "the refusal of a customer")
        users().update_one({"email": customer.email}, {"$set": {"role": "admin"}})
        log_in(browser, customer.email, PASSWORD)
        wait_for(lambda: text(browser, "state") == "Live: once a second.", "the board to be live")
        assert not is_open(browser, "login") and text(browser, "numbers") != ""

        old = stored_token(browser)
        wait_for(lambda: stored_token(browser) not in ("", old), "a new token for the one that expired")
        browser.refresh()
        wait_for(lambda: text(browser, "state") == "Live: once a second.", "a reload to need no login")
    complaints(browser)


def log_in(browser: Chrome, email: str, password: str) -> None:
    for name, value in (("email", email), ("password", password)):
        field = browser.find_element(By.ID, name)
        field.clear()
        field.send_keys(value)
    browser.find_element(By.CSS_SELECTOR, "#credentials button").click()


def stored_token(browser: Chrome) -> str:
    return str(browser.execute_script("return tokens().token || ''"))


def test_while_the_api_is_away_the_board_says_so_and_comes_back(
    browser: Chrome, settings: dict[str, str], tmp_path: Path
) -> None:
    with running_api(settings, tmp_path / "api.log") as (base, api):
        show(browser, f"{base}/dev")
        assert api.stop(60) == 0
        wait_for(lambda: "does not answer" in text(browser, "state"), "the word")
        api.start()
        wait_for(lambda: text(browser, "state") == "Live: once a second.", "the board to be live again")
    complaints(browser)
