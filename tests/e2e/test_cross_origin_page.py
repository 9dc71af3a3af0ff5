"""A page of another origin in a real browser, which alone knows what CORS forbids."""

import json
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from tests.e2e.browser import chromium
from tests.support.system import running_api

LIMIT = 60  # seconds; only a fault reaches it


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""


@pytest.fixture
def page() -> Iterator[str]:
    """The origin of a page of somebody else's."""
    handler = partial(Quiet, directory=str(Path(__file__).parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Chrome]:
    with chromium(tmp_path / "profile") as started:
        yield started


def told_by(browser: Chrome, page: str, api: str) -> dict[str, Any]:
    """What the page found out."""
    browser.get(f"{page}/cross_origin_page.html#{api}")
    text = WebDriverWait(browser, LIMIT).until(lambda b: b.find_element(By.ID, "result").text)
    told: dict[str, Any] = json.loads(text)
    return told


@pytest.mark.usefixtures("shop")
def test_a_page_of_another_origin_orders_and_reads_the_location(
    browser: Chrome, page: str, settings: dict[str, str], logs: Path
) -> None:
    with running_api(settings, logs / "api-for-a-page.log", CORS_ORIGINS=page) as (api, _):
        told = told_by(browser, page, api)

    assert told.pop("order")["status"] == "Processed"
    assert told.pop("location").startswith("/api/orders/")
    assert told == {
        "status": 201,
        "waited": "wait=20",
        "requestId": "page-1",
        "again": 304,
        "refused": [401, "Bearer", "token_missing"],
        "nowhere": 404,
    }


def test_a_page_of_an_origin_that_is_not_named_is_kept_out(browser: Chrome, page: str, shop: str) -> None:
    assert told_by(browser, page, shop) == {"error": "TypeError: Failed to fetch"}
