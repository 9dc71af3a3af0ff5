"""How long to wait before something is tried again."""

import random

_FIRST_SECONDS, _LONGEST_SECONDS = 2.0, 300.0
_MOST_DOUBLINGS = 10


def retry_seconds(attempt: int) -> float:
    """Exponential back-off with jitter, by the number of attempts so far: about 2, 4, 8 ... 300 s."""
    doublings = min(attempt - 1, _MOST_DOUBLINGS)  # a mail may have been tried for months
    longest = min(_FIRST_SECONDS * 2**doublings, _LONGEST_SECONDS)
    return random.uniform(longest / 2, longest)
