"""Kinds of arguments that several commands take."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from utils import clock

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AGO = re.compile(r"(\d{1,6})([smhdw])", re.ASCII)
_EXAMPLES = "45m, 2h, 3d, 2w, 2026-11-25 or 2026-11-25T10:00"

MAX_LIMIT = 10_000

limit_option = click.option(
    "--limit", type=click.IntRange(1, MAX_LIMIT), default=20, show_default=True, help="How many at most."
)


class When(click.ParamType[datetime]):
    """A time in the past: `2h` (ago), or a date or time of ISO 8601, in UTC unless it says otherwise."""

    name = "when"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            moment = _parse(value)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no time. Write {_EXAMPLES}.", param, ctx)
        if moment > clock.now():
            self.fail(f"{value!r} lies in the future.", param, ctx)
        return moment


def _parse(value: str) -> datetime:
    ago = _AGO.fullmatch(value)
    if ago:
        return clock.now() - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    moment = datetime.fromisoformat(value)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
