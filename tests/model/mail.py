"""The writes of the mail step, as in models/order_mail.py. A claim's number serves as its token."""

from models.documents import MailState

from .state import CLAIMED, DUE, LATER, NEVER, NOW, REFUSED, SENT, UNKNOWN, Case, State, note, put_order


def claim_mail(case: Case, state: State, o: int, seen: str, attempts: int) -> State | None:
    return move_mail(state, o, (seen, attempts), (CLAIMED, attempts + 1), LATER)


def mail_sent(case: Case, state: State, o: int, token: int, seen: str = CLAIMED) -> State | None:
    """By SES' answer to the worker that claimed it, or by an event, for what is `seen`."""
    moved = move_mail(state, o, (seen, token), (SENT, token), NEVER)
    return moved and note(moved, o, settled=state.ledger[o].settled + (seen == UNKNOWN))


def mail_refused(case: Case, state: State, o: int, token: int) -> State | None:
    return move_mail(state, o, (CLAIMED, token), (REFUSED, token), NEVER)


def mail_not_sent(case: Case, state: State, o: int, token: int) -> State | None:
    return move_mail(state, o, (CLAIMED, token), (DUE, token), LATER)


def mail_unknown(case: Case, state: State, o: int, token: int) -> State | None:
    moved = move_mail(state, o, (CLAIMED, token), (UNKNOWN, token), LATER)
    return moved and note(moved, o, unknowns=state.ledger[o].unknowns + 1)


def request_mail(case: Case, state: State, o: int, status: str) -> State | None:
    """The operator's `flask orders resend-email`, on an order with nothing left to do."""
    order = state.orders[o]
    if order is None or order.status != status or order.next != NEVER:
        return None
    return put_order(state, o, order._replace(mail=DUE, next=NOW))


def move_mail(
    state: State, o: int, seen: tuple[str, int], after: tuple[MailState, int], next_: int
) -> State | None:
    """Compare-and-set of the mail's state and attempts; a claim's attempts are its token."""
    order = state.orders[o]
    if order is None or (order.mail, order.mail_attempts) != seen:
        return None
    mail, attempts = after
    return put_order(state, o, order._replace(mail=mail, mail_attempts=attempts, next=next_))
