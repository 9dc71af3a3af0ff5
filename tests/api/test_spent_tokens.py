"""How long a refresh token that was spent may be shown again, to the moment."""

from datetime import UTC, datetime, timedelta

import pytest

from models.documents import RefreshToken
from models.token_family import GRACE, spend

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
MOMENT = timedelta(milliseconds=1)


def token(jti: str, *, spent: timedelta | None = None, left: timedelta = timedelta(days=1)) -> RefreshToken:
    made: RefreshToken = {"jti": jti, "expiresAt": NOW + left}
    return made if spent is None else {**made, "spentAt": NOW - spent}


@pytest.mark.parametrize(
    ("shown", "is_taken"),
    [
        (token("a"), True),
        (token("a", spent=GRACE - MOMENT), True),
        (token("a", spent=GRACE), False),
        (token("a", left=MOMENT), True),
        (token("a", left=timedelta()), False),
    ],
)
def test_a_token_is_taken_within_ten_seconds_after_it_was_spent_and_within_its_life(
    shown: RefreshToken, is_taken: bool
) -> None:
    kept = spend([shown, token("b")], "a", NOW)

    assert (kept is not None) == is_taken
    if kept is not None:
        assert [t["jti"] for t in kept] == ["a", "b"]
        assert kept[0]["spentAt"] == shown.get("spentAt", NOW), "the first showing counts"
        assert "spentAt" not in kept[1]


def test_what_is_past_its_grace_is_forgotten() -> None:
    kept = spend([token("old", spent=GRACE), token("new")], "new", NOW)

    assert kept is not None
    assert [t["jti"] for t in kept] == ["new"]
