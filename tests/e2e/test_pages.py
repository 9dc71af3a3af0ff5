"""The pages for people in a browser, as wide as a phone and as a desk."""

from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from tests.e2e.browser import chromium
from tests.support.client import Client
from tests.support.mails import send_mail
from tests.support.waiting import wait_for

WIDTHS = [390, 1000]
RUNS = """<h1 id="mail">A mail</h1>
<script>document.title = "ran"; parent.document.title = "ran"</script>
<img src="/favicon.ico" onerror="document.title = 'ran'" onload="document.title = 'ran'">
<a id="out" href="/" target="_top">out</a>"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with chromium(tmp_path_factory.mktemp("browser") / "profile") as started:
        yield started


def show(browser: Chrome, address: str, width: int) -> None:
    """Open a page in a window of that width."""
    size = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get(address)


def is_as_wide_as(browser: Chrome, width: int) -> bool:
    """Whether nobody has to scroll to the side."""
    scrolled: list[int] = browser.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
    return scrolled == [width, width]


def complaints(browser: Chrome) -> list[str]:
    return [entry["message"] for entry in browser.get_log("browser")]  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("width", WIDTHS)
def test_the_first_page_leads_on_and_the_browser_minds_nothing(browser: Chrome, api: str, width: int) -> None:
    show(browser, api, width)

    assert is_as_wide_as(browser, width)
    links = browser.find_elements(By.CSS_SELECTOR, "main a")
    assert [link.text.split("\n")[0] for link in links] == [
        "Documentation",
        "Board",
        "Mailbox",
        "Health",
        "OpenAPI document",
    ]
    assert complaints(browser) == []  # a missing icon would be one, and a breach of the policy


@pytest.mark.parametrize("width", WIDTHS)
def test_an_error_is_looked_up_from_the_list(browser: Chrome, api: str, width: int) -> None:
    show(browser, f"{api}/problems", width)
    assert is_as_wide_as(browser, width)

    browser.find_element(By.PARTIAL_LINK_TEXT, "Not enough stock").click()

    wait_for(lambda: browser.current_url == f"{api}/problems/out_of_stock", "the page of the error")
    assert is_as_wide_as(browser, width)
    main = browser.find_element(By.TAG_NAME, "main").text
    assert "What to do" in main and "409 out_of_stock" in main
    assert complaints(browser) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_a_mail_is_opened_from_the_list(browser: Chrome, shop: str, width: int) -> None:
    user = Client(shop).register()
    order_id = user.order({"keyboard": 1}).json()["orderId"]
    wait_for(user.mails, "the mail")

    show(browser, f"{shop}/dev/mailbox?to={user.email}", width)
    assert is_as_wide_as(browser, width)
    row = browser.find_element(By.CSS_SELECTOR, "main li a")
    assert row.text.startswith(f"Order {order_id} Status Update\nProcessed to {user.email}\n")
    row.click()

    assert browser.find_element(By.TAG_NAME, "h1").text == f"Order {order_id} Status Update"
    assert is_as_wide_as(browser, width)
    frame = browser.find_element(By.TAG_NAME, "iframe")
    assert frame.size["height"] > 844 / 2
    browser.switch_to.frame(frame)
    assert "Your order is on its way to you." in browser.find_element(By.TAG_NAME, "body").text
    browser.switch_to.default_content()
    assert complaints(browser) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_a_mail_fits_a_phone_and_runs_nothing(
    browser: Chrome, api: str, settings: dict[str, str], width: int
) -> None:
    to = send_mail(settings, f"Order {'x' * 200} Status Update", RUNS)
    (mail,) = Client(api).get(f"/dev/mailbox?to={to}", headers={"Accept": "application/json"}).json()["data"]

    show(browser, f"{api}/dev/mailbox?id={mail['id']}", width)
    assert is_as_wide_as(browser, width)
    browser.switch_to.frame(browser.find_element(By.TAG_NAME, "iframe"))
    assert browser.find_element(By.ID, "mail").text == "A mail"
    browser.find_element(By.ID, "out").click()
    browser.switch_to.default_content()

    assert browser.title == mail["subject"]
    assert "/dev/mailbox" in browser.current_url
    complaints(browser)  # what the mail tried; the next test begins with none
