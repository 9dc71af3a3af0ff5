"""The checker proves itself: with any one guard taken away, it finds what then goes wrong; else nothing."""

from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

import pytest

from local_stack.stack import LocalStack
from tests.faults import scenes
from tests.faults.lane import Lane, run_on, running_lane
from tests.faults.scenes import Scene


class Mistake(NamedTuple):
    """A module of tests/faults/mistakes, where it matters, and how the checker's finding begins."""

    name: str
    scene: Scene
    finding: str


_LATE = scenes.a_hold_arrives_after_its_order_was_settled
_ALL_WELL = scenes.an_order_is_read_processed_and_mailed
MISTAKES = [
    Mistake("no_stock_filter", scenes.more_is_ordered_than_there_is, "sold twice"),
    Mistake("held_twice", scenes.a_request_dies_after_it_reserved, "held for ever"),
    Mistake("hold_id_reused", _LATE, "sold:"),
    Mistake("any_hold_is_sold", _LATE, "sold:"),
    Mistake("booked_before_decided", scenes.a_customer_cancels_while_the_worker_is_dead, "sold:"),
    Mistake("attempt_not_counted", scenes.a_step_kills_each_worker_that_begins_it, "begun too often"),
    Mistake("cancel_ignores_claim", scenes.a_customer_cancels_while_the_bank_is_slow, "not undone"),
    Mistake("undo_forgotten", scenes.a_customer_cancels_after_an_attempt_that_charged_him, "not undone"),
    Mistake("ses_retries", scenes.ses_takes_a_mail_and_answers_500, "too many mails"),
    Mistake("server_error_is_refusal", scenes.ses_answers_500, "no mail"),
    Mistake("mails_to_the_shop", _ALL_WELL, "wrong mail"),
    Mistake("four_mails", _ALL_WELL, "too many mails"),
    Mistake("quantity_is_not_paid", _ALL_WELL, "wrong total"),
    Mistake("anyone_may_look", scenes.somebody_else_looks, "another's"),
    Mistake("cache_is_not_told", scenes.a_customer_cancels_and_looks_again, "old"),
    Mistake("no_sweeper", scenes.nobody_rings, "not ended"),
]
SCENES = list(dict.fromkeys(mistake.scene for mistake in MISTAKES))


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_the_application_as_it_is_passes_the_scene(lanes: SimpleQueue[Lane], scene: Scene) -> None:
    lane = lanes.get()
    try:
        with run_on(lane, scene.__name__[:30], 2) as run:
            assert scene(run) == []
    finally:
        lanes.put(lane)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_the_checker_finds_the_mistake(stack: LocalStack, tmp_path: Path, mistake: Mistake) -> None:
    with running_lane(stack, tmp_path, mistake.name) as lane, run_on(lane, mistake.name, 2) as run:
        found = mistake.scene(run)

    assert any(line.startswith(mistake.finding) for line in found), found
