"""The gate before SES alone, with the time in the test's hand: how fast mails go, and what is logged."""

from types import SimpleNamespace

import pytest

from tests.support.logged import Logged
from workers import mail_gate
from workers.mail_gate import MailGate, Outcome


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The time, in seconds."""
    clock = SimpleNamespace(seconds=100.0)
    monkeypatch.setattr(mail_gate, "time", SimpleNamespace(monotonic=lambda: clock.seconds))
    return clock


def seconds_to_the_next(gate: MailGate, now: SimpleNamespace, outcome: Outcome) -> float:
    """Send one mail, of which that came. How long until the next one may go."""
    assert gate.enter(0)
    gate.leave(outcome)
    began = now.seconds
    while not gate.enter(0):
        now.seconds = round(now.seconds + 0.01, 2)
    gate.leave(Outcome.NOT_ASKED)
    waited: float = round(now.seconds - began, 2)
    now.seconds += 1000
    return waited


def test_mails_go_as_far_apart_as_the_rate_says(now: SimpleNamespace) -> None:
    assert seconds_to_the_next(MailGate(10, 5), now, Outcome.TAKEN) == 0.1


def test_while_ses_takes_none_they_get_rarer_down_to_one_in_30_seconds(now: SimpleNamespace) -> None:
    gate = MailGate(10, 5)
    for _ in range(20):
        seconds_to_the_next(gate, now, Outcome.FAILED)

    assert seconds_to_the_next(gate, now, Outcome.FAILED) == 30


def test_each_that_it_takes_makes_the_next_ones_a_tenth_of_a_mail_a_second_more_frequent(
    now: SimpleNamespace,
) -> None:
    gate = MailGate(1, 5)
    assert seconds_to_the_next(gate, now, Outcome.FAILED) == 1
    assert seconds_to_the_next(gate, now, Outcome.TAKEN) == 2, "half the rate"

    assert seconds_to_the_next(gate, now, Outcome.NOT_ASKED) == pytest.approx(1 / 0.6, abs=0.02)


def test_an_account_that_may_send_less_than_that_is_not_hurried(now: SimpleNamespace) -> None:
    assert seconds_to_the_next(MailGate(0.01, 5), now, Outcome.FAILED) == 100


def test_an_account_at_fault_is_asked_once_in_30_seconds_from_then_on(now: SimpleNamespace) -> None:
    gate = MailGate(10, 5)
    gate.enter(0)
    gate.leave(Outcome.HELD)
    now.seconds += 1000

    assert seconds_to_the_next(gate, now, Outcome.HELD) == 30


def test_places_are_given_back(now: SimpleNamespace) -> None:
    gate = MailGate(1e9, 2)
    for _ in range(2):
        assert gate.enter(0)
        now.seconds += 1
    assert not gate.enter(0), "both are taken"

    gate.leave(Outcome.NOT_ASKED)

    assert gate.enter(0)


def test_that_it_gets_slower_and_is_back_is_said_once_each(
    now: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, logged = MailGate(10, 5), Logged(monkeypatch, mail_gate)

    def send(outcome: Outcome, fault: str = "") -> None:
        now.seconds += 1000
        assert gate.enter(0)
        gate.leave(outcome, fault)

    send(Outcome.TAKEN)
    assert logged.events == []
    for _ in range(3):
        send(Outcome.THROTTLED, "Throttling")
    assert logged.events == ["mails_slowed_down"]
    assert logged.fields == [{"reason": "Throttling"}]
    for _ in range(200):
        send(Outcome.TAKEN)
    assert logged.events == ["mails_slowed_down", "mails_at_full_rate"]
