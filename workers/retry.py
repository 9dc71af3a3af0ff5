"""How long to wait before something is tried again."""

import random

_FIRST_SECONDS, _LONGEST_SECONDS = 2.0, 300.0


def retry_seconds(attempt: int) -> float:
    """Exponential back-off with jitter, by the number of attempts so far: about 2, 4, 8 ... 300 s."""
    longest = min(_FIRST_SECONDS * 2 ** (attempt - 1), _LONGEST_SECONDS)
    return random.uniform(longest / 2, longest)
