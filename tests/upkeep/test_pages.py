"""What the pages in Markdown point to is there: files, headings, tests."""

import re
from pathlib import Path

import pytest

from local_stack.programs import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def anchors_of(page: Path) -> set[str]:
    """A page's headings, as GitHub makes anchors of them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def is_there(page: Path, link: str) -> bool:
    file, _, anchor = link.partition("#")
    target = (page.parent / file).resolve() if file else page
    return target.exists() and (not anchor or anchor in anchors_of(target))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", page.read_text())

    assert not [link for link in links if "://" not in link and not is_there(page, link)]


def test_what_is_not_there_is_noticed() -> None:
    page = ROOT / "README.md"

    assert is_there(page, "docs/DEPLOY.md#what-it-costs") and is_there(page, "#quick-start")
    assert not is_there(page, "docs/DEPLOY.md#what-it-brings") and not is_there(page, "docs/NOTHING.md")


def test_the_map_of_the_house_has_all_folders() -> None:
    page = (ROOT / "README.md").read_text()
    made = {"node_modules", "__pycache__"}
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}

    assert {"models", "benchmarks"} <= folders
    assert not [name for name in folders - made if f"[{name}/]({name})" not in page]


def test_each_defence_names_tests_that_exist() -> None:
    text = (ROOT / "SECURITY.md").read_text()
    rows = re.findall(r"^\| to (.*) \|$", text, re.M)

    assert rows
    for row in rows:
        named = re.findall(r"`([\w/]+(?:\.py|/))`", row.rpartition(" | ")[2])
        assert named, row
        assert not [name for name in named if not (ROOT / "tests" / name).exists()], row


def test_the_page_about_node_names_each_test_beside_node_and_no_other() -> None:
    page = (ROOT / "docs" / "port" / "interop.md").read_text()
    files = (ROOT / "tests" / "interop").glob("test_*.py")
    there = [name for file in files for name in re.findall(r"^def (test_\w+)", file.read_text(), re.M)]

    assert sorted(set(re.findall(r"`(test_\w+)`", page))) == sorted(there)


def test_the_changelog_keeps_its_form() -> None:
    text = (ROOT / "CHANGELOG.md").read_text()
    versions = re.findall(r"^## (.*)$", text, re.M)

    assert versions[0] == "[Unreleased]"
    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", version) for version in versions[1:])
    assert set(re.findall(r"^### (.*)$", text, re.M)) <= KINDS
