"""/api/docs in a browser. `SCREENSHOT=docs/api-docs.png make e2e ARGS="-k docs_page"` renews the picture."""

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from selenium.webdriver import Chrome

from tests.e2e.browser import chromium
from tests.e2e.docs_page import DocsPage


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Chrome]:
    with chromium(tmp_path / "profile") as started:
        yield started


def test_a_person_with_a_browser_logs_in_orders_and_sees_it_processed(
    shop: str, browser: Chrome, tmp_path: Path
) -> None:
    page = DocsPage(browser, shop)
    user = {"email": f"{uuid4().hex}@example.com", "password": "password123"}
    assert page.execute("Authentication", "register", user)[0] == "201"
    assert page.execute("Authentication", "login", user)[0] == "200"
    assert page.authorized_schemes() == ["accessToken"]  # filled in by the page

    body = {"items": [{"productId": "keyboard", "quantity": 2}, {"productId": "mouse", "quantity": 1}]}
    status, order = page.execute("Orders", "createOrder", body)
    assert status == "201"
    status, ended = page.execute("Orders", "showOrder", orderId=order["orderId"], Prefer="wait=20")

    assert (status, ended["status"]) == ("200", "Processed")
    assert page.complaints() == []
    page.show("Orders", "showOrder")
    picture = Path(os.environ.get("SCREENSHOT") or tmp_path / "api-docs.png")
    assert browser.save_screenshot(str(picture))
