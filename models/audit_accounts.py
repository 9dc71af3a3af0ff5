"""Accounts whose addresses differ in case alone. The Node app let them in; here a login could mean either."""

from collections.abc import Iterator

from models.user import find_twins


def findings() -> Iterator[str]:
    """One line for each address that more than one account has. The line has ids, and no address."""
    for ids in find_twins():
        yield (
            f"accounts {', '.join(str(user_id) for user_id in ids)}: {len(ids)} with one address but for "
            "upper and lower case. Keep one, change or delete the others, then: flask indexes create"
        )
