"""`python examples/port_diff.py NODE_URL PYTHON_URL`: one list of requests to both, and how they differ.

A difference that no row of port_differences.toml tells of ends it with 1; so does a row that tells of none.
It makes an account at each.
"""

import json
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import uuid4

import requests
from port_requests import ALL, Sent

ROWS: Final = Path(__file__).with_name("port_differences.toml")
_SECONDS: Final = 60
# They differ from answer to answer.
_PASSING: Final = {"date", "content-length", "etag", "x-request-id", "connection", "keep-alive"}
_IDS: Final = re.compile(r"eyJ[\w.-]+|\b[0-9a-f]{24,32}\b")
_LONGEST: Final = 60


class Row(NamedTuple):
    """`requests`: names of requests, or `*`. `what`: a regular expression over a whole difference. `ledger`:
    which row of docs/port/ledger.yaml tells of it."""

    requests: list[str]
    what: str
    why: str
    ledger: str

    def tells_of(self, name: str, difference: str) -> bool:
        named = self.requests == ["*"] or name in self.requests
        return named and re.fullmatch(self.what, difference) is not None


class System:
    """One of the two, and what it has given so far."""

    def __init__(self, base: str, email: str) -> None:
        self.base, self.known = base.rstrip("/"), {"email": email, "token": ""}
        self._session = requests.Session()
        self._session.trust_env = False

    def send(self, sent: Sent) -> requests.Response:
        body = sent.body if isinstance(sent.body, str) or sent.body is None else json.dumps(sent.body)
        headers = {"Content-Type": sent.content_type} if body is not None else {}
        if sent.token:
            headers["Authorization"] = self._filled(sent.token)
        url, data = self.base + sent.path, self._filled(body) if body else body
        answer = self._session.request(
            sent.method, url, data=data, headers=headers, timeout=_SECONDS, allow_redirects=False
        )
        if sent.name == "login" and answer.ok:
            self.known["token"] = answer.json()["token"]
        return answer

    def _filled(self, text: str) -> str:
        for name, value in self.known.items():
            text = text.replace("{" + name + "}", value)
        return text


def differences(node: requests.Response, python: requests.Response) -> Iterator[str]:
    """What differs, a line each: `status: 400 → 409`."""
    yield from _changes("", {"status": node.status_code}, {"status": python.status_code})
    yield from _changes("header ", _headers(node), _headers(python))
    yield from _changes("body ", _body(node), _body(python))


def _changes(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted({**old, **new}):
        if old.get(name) != new.get(name):
            yield f"{kind}{name}: {_short(old.get(name))} → {_short(new.get(name))}"


def _headers(answer: requests.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers.items() if name.lower() not in _PASSING}


def _body(answer: requests.Response) -> dict[str, Any]:
    try:
        body = json.loads(_IDS.sub("…", answer.text)) if answer.text else {}
    except ValueError:
        body = "text"
    return body if isinstance(body, dict) else {"itself": body}


def _short(value: Any) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def read_rows(path: Path = ROWS) -> list[Row]:
    return [Row(**row) for row in tomllib.loads(path.read_text())["row"]]


def compare(node_url: str, python_url: str, rows: list[Row]) -> tuple[list[str], list[Row]]:
    """Send all. Returns the differences that no row tells of, and the rows that told of none."""
    email = f"{uuid4().hex}@example.com"
    node, python = System(node_url, f"n{email}"), System(python_url, f"p{email}")
    unexplained, used = list[str](), set[int]()
    for sent in ALL:
        found = list(differences(node.send(sent), python.send(sent)))
        print(f"{sent.name}: {'the same' if not found else ''}")
        for difference in found:
            telling = [at for at, row in enumerate(rows) if row.tells_of(sent.name, difference)]
            used.update(telling)
            print(f"    {difference}   ({rows[telling[0]].why if telling else 'NOT EXPLAINED'})")
            if not telling:
                unexplained.append(f"{sent.name}: {difference}")
    return unexplained, [row for at, row in enumerate(rows) if at not in used]


def main(arguments: list[str]) -> int:
    if len(arguments) != 2:
        print(__doc__)
        return 2
    unexplained, unused = compare(arguments[0], arguments[1], read_rows())
    for difference in unexplained:
        print(f"Not explained: {difference}")
    for row in unused:
        print(f"No longer so: {row.what} ({', '.join(row.requests)})")
    return 1 if unexplained or unused else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
