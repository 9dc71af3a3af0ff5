"""Times, as they are stored and written."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from utils import clock


@pytest.mark.parametrize(
    ("microsecond", "written"), [(0, "05.000Z"), (65_999, "05.065Z"), (999_999, "05.999Z")]
)
def test_a_time_is_written_as_javascript_does(microsecond: int, written: str) -> None:
    moment = datetime(2026, 11, 23, 4, 44, 5, microsecond, timezone(timedelta(hours=2)))

    assert clock.to_iso(moment) == f"2026-11-23T02:44:{written}"


def test_the_clock_has_milliseconds_as_bson_does() -> None:
    try:
        clock.use(lambda: datetime(2026, 11, 23, 4, 44, 5, 999_999, UTC))
        assert clock.now().microsecond == 999_000
        assert clock.after(0.5) - clock.now() == timedelta(seconds=0.5)
    finally:
        clock.use(None)
