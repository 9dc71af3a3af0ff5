"""The time in an ObjectId, as a bound of a list."""

from datetime import UTC, datetime, timedelta

import pytest
from bson import ObjectId

from utils.object_ids import first_id_at

MOMENT = datetime(2026, 11, 26, 18, 0, 0, 400_000, UTC)


def test_the_first_id_of_a_second_is_at_most_any_of_that_second_and_above_all_before() -> None:
    bound = first_id_at(MOMENT)

    assert bound <= ObjectId.from_datetime(MOMENT)
    assert bound > ObjectId(ObjectId.from_datetime(MOMENT - timedelta(seconds=1)).binary[:4] + b"\xff" * 8)
    assert first_id_at(MOMENT, 5) == first_id_at(MOMENT + timedelta(seconds=5))


@pytest.mark.parametrize(("year", "nearest"), [(1900, "00000000"), (2200, "ffffffff")])
def test_of_a_time_that_no_id_can_hold_the_nearest_is_taken(year: int, nearest: str) -> None:
    assert str(first_id_at(datetime(year, 1, 1, tzinfo=UTC))) == nearest + "0" * 16
