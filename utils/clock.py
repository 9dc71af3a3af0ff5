"""The one clock of the system. Times are timezone-aware UTC, cut to the millisecond that BSON keeps."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def _system_time() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _system_time


def now() -> datetime:
    """The current time. Cut to milliseconds, so that what is written compares equal to what is read."""
    moment = _source()
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def after(seconds: float) -> datetime:
    """The time that many seconds from now."""
    return now() + timedelta(seconds=seconds)


def use(source: Callable[[], datetime] | None) -> None:
    """Let a test set the time; None gives the system's clock back."""
    global _source  # noqa: PLW0603 - one clock for the process
    _source = source or _system_time


def to_iso(moment: datetime) -> str:
    """Write a time as JavaScript's Date.toISOString does: 2026-11-23T02:44:05.065Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
