"""Shows requests and answers in a terminal, in colour unless NO_COLOR is set or the output is no terminal."""

import json
import os
import sys
import textwrap
from typing import Any

import requests

IN_COLOUR = sys.stdout.isatty() and "NO_COLOR" not in os.environ
BOLD, DIM, RED, GREEN, YELLOW, BLUE = "1", "2", "31", "32", "33", "36"
SHOWN_HEADERS = ("Location", "Idempotent-Replayed", "Preference-Applied", "Retry-After", "X-Cache")
MAX_LINES, MAX_VALUE = 24, 60
NOISE = ("type", "message", "requestId")  # of a problem: true, and said already


def say(title: str, text: str = "") -> None:
    """A headline, and why it is worth a look."""
    print(f"\n{_paint(title, BOLD)}")
    if text:
        print(textwrap.fill(text, 100))


def show_request(method: str, path: str, headers: dict[str, str], body: Any) -> None:
    print(f"\n  {_paint(f'{method} {path}', BLUE)}")
    for name, value in headers.items():
        print(f"  {_paint(f'{name}: {value}', DIM)}")
    if body is not None:
        _show_body(body)


def show_answer(answer: requests.Response) -> None:
    colour = GREEN if answer.ok else YELLOW if answer.status_code < 500 else RED
    print(f"  {_paint(f'{answer.status_code} {answer.reason}', colour)}")
    for name in SHOWN_HEADERS:
        if name in answer.headers:
            print(f"  {_paint(f'{name}: {answer.headers[name]}', DIM)}")
    if "json" in answer.headers.get("Content-Type", ""):
        _show_body(answer.json())


def _show_body(body: Any) -> None:
    lines = _layout(_short(body)).splitlines()
    for line in lines[:MAX_LINES] + (["..."] if len(lines) > MAX_LINES else []):
        print(f"    {line}")


def _layout(value: Any, indent: str = "") -> str:
    """JSON on one line where it fits, else a member a line."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(indent + flat) < 90 or not isinstance(value, (dict, list)):
        return flat
    inner = indent + "  "
    if isinstance(value, dict):
        rows = [f"{inner}{json.dumps(name)}: {_layout(member, inner)}" for name, member in value.items()]
        return "{\n" + ",\n".join(rows) + f"\n{indent}}}"
    return "[\n" + ",\n".join(inner + _layout(member, inner) for member in value) + f"\n{indent}]"


def _short(value: Any) -> Any:
    """Without what a reader skips: the rest of tokens, what a problem says twice, a mail's HTML."""
    if isinstance(value, dict):
        dropped = NOISE if "code" in value else ("html",)
        return {name: _short(member) for name, member in value.items() if name not in dropped}
    if isinstance(value, list):
        return [_short(member) for member in value]
    if isinstance(value, str) and (len(value) > MAX_VALUE and " " not in value):
        return value[:16] + "..." + value[-6:]
    return value


def _paint(text: str, code: str) -> str:
    return f"\033[{code}m{text}\033[0m" if IN_COLOUR else text
