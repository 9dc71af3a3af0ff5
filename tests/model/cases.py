"""The configurations: small ones for CI, and large ones for half an hour."""

from .state import Budget, Case
from .writes import SOUND

# Two products, one of them the last piece; a client asks twice under one key.
RETRY = Case(
    name="a retry, a crash and a late write, two products",
    requests=((1, (1, 1)), (1, (1, 1))),
    stock=(2, 1),
    writes=SOUND,
    budget=Budget(crashes=1, lates=1),
)
CONTENTION = Case(
    name="two orders for the last piece, a crash, a cancel",
    requests=((None, (1,)), (None, (1,))),
    stock=(1,),
    writes=SOUND,
    cancels=1,
    workers=2,
    budget=Budget(crashes=1),
)
CONTENTION_LATE = CONTENTION._replace(
    name="two orders for the last piece, a late write",
    cancels=0,
    workers=1,
    hold_tries=2,
    budget=Budget(lates=1),
)
# A taken-over order of two products, and a competitor for one of them, who comes and goes.
COMPETED = Case(
    name="a retry and a competitor, two products",
    requests=((1, (1, 1)), (1, (1, 1)), (None, (0, 1))),
    stock=(1, 1),
    writes=SOUND,
    hold_tries=2,
)
KEYED = Case(
    name="a retry, a crash and a late write, one product",
    requests=((1, (2,)), (1, (2,))),
    stock=(4,),
    writes=SOUND,
    budget=Budget(crashes=1, lates=1),
)
PURGE = KEYED._replace(name="a retry after the purge, a crash and a late write", purge=True)
# From acceptance on: two workers, a cancel, all that SES can answer.
ENDING = Case(
    name="an accepted order, a cancel, every answer of SES",
    requests=((None, (1,)),),
    stock=(1,),
    writes=SOUND,
    cancels=1,
    workers=2,
    budget=Budget(crashes=1, lates=1),
    claims=2,
    mail_faults=True,
    accepted_at_start=True,
)
# The same with a business step that fails, kills, and has an undo.
STEP = ENDING._replace(
    name="a business step and its undo, a cancel, failing attempts, a crash, a late write",
    step=True,
    failures=2,
    undo_failures=1,
    mail_faults=False,
    claims=1,
)
EVENTS = ENDING._replace(
    name="SES tells of the mails that it took, an operator asks for one more",
    cancels=0,
    claims=3,
    resends=1,
    mail_events=True,
)
RESEND = ENDING._replace(
    name="an operator asks for the mail once more",
    cancels=0,
    claims=3,
    resends=1,
    budget=Budget(crashes=1),
)
# With a clock nothing overlaps that leases keep apart, so these are small.
CALM = Case(
    name="a clock, a retry, and nothing goes wrong",
    requests=((1, (1,)), (1, (1,))),
    stock=(2,),
    writes=SOUND,
    workers=2,
    clock=True,
    claims=3,
)
CLOCK = CALM._replace(
    name="a clock, a retry, a crash, a cancel, every answer of SES",
    cancels=1,
    budget=Budget(crashes=1),
    claims=2,
    mail_faults=True,
)
# Leases of the business step: while they last, and when somebody is too slow.
STEP_CLOCK = STEP._replace(
    name="a clock, a business step and its undo, a cancel, failing attempts, a crash",
    clock=True,
    undo_claims=4,
    budget=Budget(crashes=1),
)
STEP_SLOW = STEP_CLOCK._replace(
    name="a clock, a business step and its undo, a cancel, failing attempts, somebody slow",
    workers=3,
    budget=Budget(slow=1),
)
CI = (
    RETRY,
    CONTENTION,
    CONTENTION_LATE,
    PURGE,
    ENDING,
    STEP,
    EVENTS,
    RESEND,
    CALM,
    CLOCK,
    STEP_CLOCK,
    STEP_SLOW,
)

LARGE = (
    KEYED._replace(name="one product, nothing pruned", split=frozenset(SOUND), purge=True),
    ENDING._replace(name="an ending, nothing pruned", split=frozenset(SOUND)),
    RETRY._replace(name="a retry, a crash and a late write, two products, two workers", workers=2),
    RETRY._replace(name="a retry and two late writes, two products", budget=Budget(lates=2)),
    KEYED._replace(
        name="three requests under one key, the purge, a crash and a late write",
        requests=((1, (2,)),) * 3,
        purge=True,
    ),
    COMPETED,
    CONTENTION._replace(
        name="two orders of two products, a late write, a cancel",
        requests=((None, (1, 1)), (None, (1, 1))),
        stock=(1, 1),
        workers=1,
        budget=Budget(lates=1),
    ),
    ENDING._replace(
        name="the ending of an order of two products, with more of everything",
        requests=((None, (1, 1)),),
        stock=(1, 1),
        claims=3,
        resends=1,
    ),
    STEP._replace(name="a business step, nothing pruned", split=frozenset(SOUND)),
    STEP._replace(name="a business step and every answer of SES", mail_faults=True, claims=2),
    STEP_CLOCK._replace(
        name="a clock, a business step, two crashes, a late write, somebody slow",
        workers=3,
        budget=Budget(crashes=2, lates=1, slow=1),
    ),
    CLOCK._replace(
        name="a clock, three requests, two products, a crash, a late write, somebody slow",
        requests=((1, (1, 1)),) * 3,
        stock=(2, 2),
        cancels=0,
        budget=Budget(crashes=1, lates=1, slow=1),
    ),
)
