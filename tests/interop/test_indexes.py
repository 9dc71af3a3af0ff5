"""mongoose makes its indexes at each start (autoIndex), and `flask indexes create` makes ours."""

from collections.abc import Callable

import pytest

from tests.interop.conftest import Room
from tests.interop.peer import Hand, running_node

# SecantusDB tells `background: true`, which mongoose gives, from an index without; MongoDB itself does not.
SAME_ALREADY = "An existing index has the same name as the requested index."


def test_whoever_comes_first_both_have_theirs(new_room: Callable[[], Room]) -> None:
    room = new_room()
    assert room.flask("indexes", "create").returncode == 0
    ours = indexes(room)

    with running_node("hand.js", room.settings, room.logs / "hand.log", "listening") as address:
        told = Hand(address).do("indexes")
        assert all(message is None or message.startswith(SAME_ALREADY) for message in told.values()), told
        fields = {"productId": "book", "stock": 1}
        Hand(address).do("create", model="Inventory", fields=fields)
        with pytest.raises(AssertionError, match="E11000"):  # unique, whoever made the index
            Hand(address).do("create", model="Inventory", fields=fields)

    both = indexes(room)
    assert ours <= both
    assert ("orders", "orderId_1") in both
    again = room.flask("indexes", "create")
    assert again.returncode == 0, again.stdout + again.stderr
    assert indexes(room) == both
    assert "index" not in room.flask("audit").stdout


def indexes(room: Room) -> set[tuple[str, str]]:
    names = ("users", "orders", "inventories")
    return {(name, index["name"]) for name in names for index in room.database[name].list_indexes()}
