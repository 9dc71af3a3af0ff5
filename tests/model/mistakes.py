"""Planted mistakes: each takes one rule out of the protocol, and names the invariant that must notice.

A mistake that nobody noticed would mean that the rule is not needed, or that the model is blind to it.
"""

from typing import Any, NamedTuple

from .cases import (
    CALM,
    COMPETED,
    CONTENTION,
    ENDING,
    EVENTS,
    KEYED,
    PURGE,
    RESEND,
    RETRY,
    STEP,
    STEP_CLOCK,
    STEP_SLOW,
)
from .decisions import ended, is_open
from .state import (
    CANCELLED,
    CLAIMED,
    DUE,
    EXPIRED,
    LATER,
    NEVER,
    OUT_OF_STOCK,
    PENDING,
    Budget,
    Case,
    State,
    put_order,
)
from .stock import add_hold, end_holds
from .weak_steps import (
    cancel_and_owe_nothing,
    cancel_as_read,
    cancel_whoever_is_at_it,
    claim_step_of_others,
    claim_step_uncounted,
    process_without_claim,
    record_and_count_attempt,
    record_attempt_without_claim,
)
from .writes import SOUND, Write


class Mistake(NamedTuple):
    """In which case the mistake is made, and the name of the rule that is then broken."""

    case: Case
    broken: str


def reserve_whatever_the_stock(case: Case, state: State, o: int, p: int, hold_id: int) -> State | None:
    """A plain `$inc`, without `stock: {$gte: q}`."""
    if any(hold[0] == o for hold in state.products[p].holds):
        return None
    return add_hold(state, p, (o, hold_id, case.requests[o][1][p]))


def reserve_again(case: Case, state: State, o: int, p: int, hold_id: int) -> State | None:
    """Without `"holds.orderId": {$ne: id}`."""
    quantity = case.requests[o][1][p]
    return add_hold(state, p, (o, hold_id, quantity)) if state.products[p].stock >= quantity else None


def settle_sold_by_order(case: Case, state: State, o: int, p: int) -> State | None:
    """Matches `{orderId}`, not `{orderId, holdId}`."""
    return end_holds(case, state, o, p, None, "sold")


def accept_anything(case: Case, state: State, o: int, hold_ids: tuple[int, ...]) -> State | None:
    """Matches `{_id}`."""
    order = state.orders[o]
    if order is None:
        return None
    after = order._replace(status=PENDING, accepted=True, reason="", hold_ids=hold_ids, next=LATER)
    return put_order(state, o, after)


def reject_anything(case: Case, state: State, o: int, settled: bool) -> State | None:
    """Matches `{_id}`."""
    order = state.orders[o]
    if order is None:
        return None
    next_ = NEVER if settled else order.next
    return put_order(state, o, ended(order, OUT_OF_STOCK)._replace(settled=settled, next=next_))


def expire_the_accepted(case: Case, state: State, o: int) -> State | None:
    """Matches `{status: "Pending"}` alone."""
    order = state.orders[o]
    if order is None or order.status != PENDING:
        return None
    return put_order(state, o, ended(order, EXPIRED)._replace(keyed=False))


def cancel_anything(case: Case, state: State, o: int, attempts: int) -> State | None:
    """Matches `{_id}`."""
    order = state.orders[o]
    return order and put_order(state, o, ended(order, CANCELLED))


def cancel_and_release_key(case: Case, state: State, o: int, attempts: int) -> State | None:
    order = state.orders[o]
    if order is None or not is_open(order):
        return None
    return put_order(state, o, ended(order, CANCELLED)._replace(keyed=False))


def release_key(case: Case, state: State, o: int) -> State | None:
    """A write of its own, before expire, where both should be one."""
    order = state.orders[o]
    if order is None or order.status != PENDING:
        return None
    return put_order(state, o, order._replace(keyed=False))


def claim_any_mail(case: Case, state: State, o: int, seen: str, attempts: int) -> State | None:
    """Matches `{_id}`."""
    order = state.orders[o]
    if order is None:
        return None
    more = order.mail_attempts + 1
    return put_order(state, o, order._replace(mail=CLAIMED, mail_attempts=more, next=LATER))


def mark_settled_again(case: Case, state: State, o: int, status: str) -> State | None:
    """Without `settled: {$ne: true}`: the mail is due again each time."""
    order = state.orders[o]
    if order is None:
        return None
    after = order._replace(mail=DUE, next=LATER) if order.accepted else order._replace(next=NEVER)
    return put_order(state, o, after._replace(settled=True))


def _with(case: Case, **writes: Write) -> Case:
    """The case with some writes replaced; their order is read in a step of its own."""
    return case._replace(writes={**SOUND, **writes}, split=frozenset(writes))


def _without(case: Case, rule: str, **more: Any) -> Case:
    return case._replace(without=frozenset({rule}), **more)


_KEY_FIRST: dict[str, Write] = {**SOUND, "release_key": release_key}

MISTAKES = {
    "stock_is_taken_without_a_filter": Mistake(
        _with(CONTENTION, reserve=reserve_whatever_the_stock), "stock_is_never_negative"
    ),
    "every_try_has_the_same_hold_id": Mistake(_without(KEYED, "fresh_hold_id"), "sold_is_what_was_processed"),
    "an_order_may_hold_twice": Mistake(_with(RETRY, reserve=reserve_again), "no_piece_is_lost_or_made"),
    "sold_before_the_decision": Mistake(
        _without(ENDING, "decide_before_selling"), "accepted_pending_orders_hold_their_items"
    ),
    "freed_before_the_decision": Mistake(
        _without(COMPETED, "decide_before_freeing"), "sold_is_what_was_processed"
    ),
    "an_event_settles_any_attempt": Mistake(
        _without(EVENTS, "events_name_their_attempt"), "what_is_sent_was_taken"
    ),
    "ses_client_retries": Mistake(_without(ENDING, "one_attempt"), "mails_are_counted_for"),
    "there_is_no_sweeper": Mistake(_without(CONTENTION, "sweeper"), "every_order_ends"),
    "there_is_no_reaper": Mistake(_without(KEYED, "reaper"), "nothing_is_held_at_rest"),
    "any_hold_of_the_order_is_sold": Mistake(
        _with(KEYED, settle_sold=settle_sold_by_order), "sold_is_what_was_processed"
    ),
    "accept_without_compare_and_set": Mistake(
        _with(CONTENTION, accept=accept_anything), "accepted_pending_orders_hold_their_items"
    ),
    "reject_without_compare_and_set": Mistake(_with(COMPETED, reject=reject_anything), "every_order_ends"),
    "accepted_orders_expire": Mistake(_with(CONTENTION, expire=expire_the_accepted), "promises_are_kept"),
    "cancel_without_compare_and_set": Mistake(
        _with(ENDING, cancel=cancel_anything), "sold_is_what_was_processed"
    ),
    "cancel_releases_the_key": Mistake(
        _with(KEYED._replace(cancels=1), cancel=cancel_and_release_key), "one_accepted_order_a_key"
    ),
    "the_key_is_released_before_the_order_expires": Mistake(
        _without(KEYED, "one_write_expiry", writes=_KEY_FIRST), "one_accepted_order_a_key"
    ),
    "the_reaper_leaves_holds_of_purged_orders": Mistake(
        _without(PURGE, "audit_of_purged"), "nothing_is_held_at_rest"
    ),
    "mail_is_claimed_without_compare_and_set": Mistake(
        _with(RESEND, claim_mail=claim_any_mail), "mails_are_counted_for"
    ),
    "an_order_is_settled_again": Mistake(
        _with(ENDING, mark_settled=mark_settled_again), "mails_are_counted_for"
    ),
    "the_first_failed_attempt_is_the_last": Mistake(
        _without(STEP, "attempt_limit"), "errors_come_after_all_attempts"
    ),
    "a_cancel_ignores_the_claim": Mistake(
        _with(STEP_CLOCK, cancel=cancel_whoever_is_at_it), "nobody_comes_between"
    ),
    "a_step_is_claimed_from_who_is_at_it": Mistake(
        _with(STEP_SLOW, claim_step=claim_step_of_others), "nobody_comes_between"
    ),
    "who_lost_the_lease_decides": Mistake(
        _with(STEP_SLOW, process=process_without_claim), "nobody_comes_between"
    ),
    "who_lost_the_lease_frees_the_claim_of_another": Mistake(
        _with(STEP_SLOW, record_attempt=record_attempt_without_claim), "nobody_comes_between"
    ),
    "the_attempt_is_counted_after_the_step": Mistake(
        _with(
            STEP._replace(cancels=0), claim_step=claim_step_uncounted, record_attempt=record_and_count_attempt
        ),
        "attempts_are_limited",
    ),
    "undo_is_forgotten": Mistake(_with(STEP, cancel=cancel_and_owe_nothing), "what_was_begun_is_undone"),
    "a_cancel_does_not_match_the_attempts": Mistake(
        _with(STEP_CLOCK, cancel=cancel_as_read), "what_was_begun_is_undone"
    ),
    "what_was_due_once_stays_due": Mistake(_without(CALM, "due_read_again"), "doubts_have_a_cause"),
    "a_take_over_does_not_claim": Mistake(
        _without(CALM, "take_over_claims", budget=Budget(crashes=1)), "nobody_is_overtaken"
    ),
}
