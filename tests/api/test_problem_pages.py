"""/problems: what each error means. Its `type` leads there."""

import re
from urllib.parse import urljoin

import pytest

from openapi import problems
from tests.support.client import Client, expect_problem

KINDS = {kind.code: kind for kind in problems.all_kinds()}
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
JSON = {"Accept": "application/json"}


@pytest.mark.parametrize("code", KINDS)
def test_every_error_has_a_page_that_says_what_happened_and_what_to_do(anyone: Client, code: str) -> None:
    answer = anyone.get(f"/problems/{code}", headers=BROWSER)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    main = answer.text.partition("<main>")[2].partition("</main>")[0]
    for heading in ("What happened", "What to do", "An example"):
        told = re.search(rf"<h2>{heading}</h2>\s*<(?:p|pre)>(.+?)</(?:p|pre)>", main, re.S)
        assert told and len(told[1]) > 20, heading
    assert f"HTTP/1.1 {KINDS[code].status} " in main
    assert f"&#34;/problems/{code}&#34;" in main
    assert "`" not in main
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script-src" not in policy and "unsafe" not in policy


@pytest.mark.parametrize("code", KINDS)
def test_programs_get_the_same_as_json(anyone: Client, code: str) -> None:
    answer = anyone.get(f"/problems/{code}", headers=JSON)

    told = answer.json()
    assert answer.headers["Vary"] == "Accept"
    assert (told["code"], told["status"], told["type"]) == (code, KINDS[code].status, f"/problems/{code}")
    assert told["happened"] and told["advice"]
    for name in ("type", "title", "status", "code"):
        assert told["answer"][name] == told[name]


def test_no_two_errors_are_explained_alike(anyone: Client) -> None:
    """As one would be that has no explanation of its own, and inherits another's."""
    told = [anyone.get(f"/problems/{code}", headers=JSON).json() for code in KINDS]

    for member in ("title", "happened", "advice"):
        assert len({explained[member] for explained in told}) == len(KINDS), member


def test_the_type_of_an_error_leads_to_its_page_from_wherever_it_is_met(anyone: Client) -> None:
    """It is a relative reference with the full path (RFC 9457, section 3.1.1)."""
    for path, code in (("/api/orders", "token_missing"), ("/no/such/place", "not_found")):
        met = anyone.get(path)
        address = urljoin(met.url, expect_problem(met, met.status_code, code)["type"])

        assert address == f"{anyone.base}/problems/{code}"
        assert code in anyone.get(address.removeprefix(anyone.base), headers=BROWSER).text


def test_the_index_leads_to_all_of_them(anyone: Client) -> None:
    page = anyone.get("/problems", headers=BROWSER)
    rows = anyone.get("/problems/", headers=JSON).json()["data"]

    assert {row["code"]: row["status"] for row in rows} == {code: kind.status for code, kind in KINDS.items()}
    for row in rows:
        assert f'href="{row["type"]}"' in page.text
    assert "<main>" in page.text


@pytest.mark.parametrize("code", ["nothing", "OUT_OF_STOCK", "out_of_stock.html", "<b>", "%00"])
@pytest.mark.parametrize("headers", [BROWSER, JSON], ids=["browser", "program"])
def test_an_unknown_code_is_a_404(anyone: Client, code: str, headers: dict[str, str]) -> None:
    problem = expect_problem(anyone.get(f"/problems/{code}", headers=headers), 404, "not_found")

    assert "GET /problems" in problem["detail"]


def test_the_pages_need_no_database(api_without_mongo: str) -> None:
    client = Client(api_without_mongo)

    for path in ("/problems", "/problems/service_unavailable"):
        for headers in (BROWSER, JSON):
            assert client.get(path, headers=headers).status_code == 200
