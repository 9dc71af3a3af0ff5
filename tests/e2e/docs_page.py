"""The documentation page as a person uses it: open an operation, fill it in, execute it, read the answer."""

import json
from typing import Any

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support import expected_conditions as expected
from selenium.webdriver.support.wait import WebDriverWait

LIMIT = 60  # seconds; only a fault reaches it


class DocsPage:
    def __init__(self, browser: Chrome, base: str) -> None:
        self.browser = browser
        browser.get(base + "/api/docs")
        self.find(".opblock")

    def find(self, selector: str) -> WebElement:
        """The first element that the selector finds, once it can be seen."""
        return WebDriverWait(self.browser, LIMIT).until(
            expected.visibility_of_element_located((By.CSS_SELECTOR, selector)), selector
        )

    def execute(
        self, tag: str, operation: str, body: Any = None, **parameters: str
    ) -> tuple[str, dict[str, Any]]:
        """Send a request from the page. Returns the status and the body that the page shows."""
        block = f"#operations-{tag}-{operation}"
        self._click(f"{block} .opblock-summary-control")
        for name, value in parameters.items():
            self._fill(f'{block} tr[data-param-name="{name}"] input', value)
        if body is not None:
            self._fill(f"{block} textarea.body-param__text", json.dumps(body))
        self._click(f"{block} button.execute")
        answer = f"{block} .live-responses-table .response"
        status = self.find(f"{answer} .response-col_status").text.split()[0]
        shown = self.find(f"{answer} .highlight-code code").text
        return status, json.loads(shown)

    def authorized_schemes(self) -> list[str]:
        """What the dialog behind "Authorize" says: the schemes that it holds a token for."""
        self._click(".auth-wrapper .btn.authorize")
        self.find(".modal-ux")
        held = self.browser.find_elements(By.XPATH, "//h6[.='Authorized']/ancestor::form//h4/code")
        names = [name.text for name in held]
        self._click(".modal-ux .btn-done")
        return names

    def show(self, tag: str, operation: str) -> None:
        """Scroll to an operation."""
        block = self.find(f"#operations-{tag}-{operation}")
        self.browser.execute_script("arguments[0].scrollIntoView()", block)

    def complaints(self) -> list[str]:
        """What the browser has against the page: scripts that fail, and breaches of its policy."""
        return [entry["message"] for entry in self.browser.get_log("browser") if entry["level"] == "SEVERE"]  # type: ignore[no-untyped-call]

    def _click(self, selector: str) -> None:
        element = self.find(selector)
        self.browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def _fill(self, selector: str, text: str) -> None:
        """As pasted: typed, the page would render anew for each key."""
        self.find(selector).send_keys(Keys.CONTROL, "a")
        self.browser.execute_script("document.execCommand('insertText', false, arguments[0])", text)
