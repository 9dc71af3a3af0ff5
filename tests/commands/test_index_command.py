"""`flask indexes create`, and what `flask audit` says of indexes: on databases of their own."""

from typing import Any

import pytest
from pymongo.database import Database

from models import indexes
from tests.commands.conftest import Run

ALL_NAMES = [f"{name}.{index.name}" for name, declared in indexes.ALL.items() for index in declared]


def test_each_index_is_made_and_told_of_in_a_line(run: Run, bare: Database[dict[str, Any]]) -> None:
    made = run("indexes", "create")

    assert made.output.splitlines() == [*(f"{name}: made" for name in ALL_NAMES), "All indexes are there."]
    assert indexes.missing() == []
    again = run("indexes", "create").output.splitlines()
    assert again[:-1] == [f"{name}: there already" for name in ALL_NAMES]


def test_the_audit_names_each_index_that_is_missing(run: Run, bare: Database[dict[str, Any]]) -> None:
    run("indexes", "create")
    bare["orders"].drop_index("idempotency.id_1")

    audit = run("audit")

    assert audit.exit_code == 1
    assert audit.output.splitlines()[0] == (
        "index orders.idempotency.id_1: missing; make it with: flask indexes create"
    )


def test_what_mongoose_made_in_the_background_counts_under_any_name(
    run: Run, bare: Database[dict[str, Any]]
) -> None:
    bare["orders"].create_index([("orderId", 1)], unique=True, background=True)
    bare["users"].create_index([("email", 1)], unique=True, background=True, name="of_another_name")

    made = run("indexes", "create")

    assert made.exit_code == 0
    assert {"orders.orderId_1: there already", "users.email_1: there already"} <= set(made.output.split("\n"))


def test_after_a_failure_the_others_are_made_and_the_duplicates_are_named(
    run: Run, bare: Database[dict[str, Any]]
) -> None:
    ids = bare["orders"].insert_many([{"orderId": name} for name in ("a\nb", "a\nb", "other")]).inserted_ids

    made = run("indexes", "create")

    assert made.exit_code == 1
    lines = made.output.splitlines()
    place = lines.index("orders.orderId_1: failed")
    assert lines[place + 1 : place + 3] == [
        "    orderId must be unique. Change or remove all but one of:",
        f"    2 documents: 'a\\nb' (_id {ids[0]}), 'a\\nb' (_id {ids[1]})",
    ]
    assert "inventories.productId_1: made" in lines
    assert lines[-1] == "1 missing. Mend what is said above, and run this again."
    assert [index.name for index in indexes.missing()] == ["orders.orderId_1"]


def test_a_value_that_many_have_is_told_in_short(run: Run, bare: Database[dict[str, Any]]) -> None:
    bare["inventories"].insert_many([{"stock": number} for number in range(8)])
    bare["inventories"].insert_many([{"productId": f"p{number % 12}"} for number in range(24)])

    lines = run("indexes", "create").output.splitlines()

    told = lines[lines.index("inventories.productId_1: failed") + 2 :]
    assert told[0].startswith("    8 documents: None (_id ") and told[0].endswith("), ...")
    assert sum(line.startswith("    2 documents: 'p") for line in told) == 9
    assert told[10] == "    and further values"


def test_a_key_that_two_orders_have_is_named(run: Run, bare: Database[dict[str, Any]]) -> None:
    key = "6922:my-key"
    orders = [{"orderId": str(number), "idempotency": {"id": key}} for number in range(2)]
    bare["orders"].insert_many([*orders, {"orderId": "2"}, {"orderId": "3"}])

    lines = run("indexes", "create").output.splitlines()

    assert lines[lines.index("orders.idempotency.id_1: failed") + 2].startswith(
        f"    2 documents: {key!r} (_id "
    )


def test_of_ten_keys_that_are_there_twice_all_are_named(run: Run, bare: Database[dict[str, Any]]) -> None:
    bare["orders"].insert_many([{"orderId": str(number // 2)} for number in range(20)])

    lines = run("indexes", "create").output.splitlines()

    assert len([line for line in lines if line.startswith("    2 documents: ")]) == 10
    assert "    and further values" not in lines


def test_of_many_documents_with_one_key_five_are_named(run: Run, bare: Database[dict[str, Any]]) -> None:
    bare["orders"].insert_many([{"orderId": "the same"} for _ in range(6)])

    lines = run("indexes", "create").output.splitlines()

    (named,) = [line for line in lines if line.startswith("    6 documents: ")]
    assert named.count("(_id ") == 5
    assert named.endswith(", ...")


def test_two_spellings_of_an_address_are_named_and_orders_go_on(
    run: Run, bare: Database[dict[str, Any]]
) -> None:
    bare["users"].insert_many([{"email": "Carl@example.com"}, {"email": "carl@example.com"}])

    lines = run("indexes", "create").output.splitlines()

    assert "users.email_1: made" in lines
    twins = lines[lines.index("users.email_folded: failed") + 2]
    assert "'Carl@example.com'" in twins and "'carl@example.com'" in twins
    assert [(index.name, index.vital) for index in indexes.missing()] == [("users.email_folded", False)]


@pytest.mark.parametrize(
    ("key", "options"),
    [
        ([("idempotency.id", 1)], {"sparse": True}),  # not unique
        ([("other", 1)], {"name": "idempotency.id_1"}),
    ],
)
def test_another_index_in_the_place_of_one_is_told_with_what_to_do(
    run: Run, bare: Database[dict[str, Any]], key: list[tuple[str, int]], options: dict[str, Any]
) -> None:
    bare["orders"].create_index(key, **options)

    made = run("indexes", "create")

    assert made.exit_code == 1
    lines = made.output.splitlines()
    why = lines[lines.index("orders.idempotency.id_1: failed") + 1]
    assert "idempotency.id_1 is in its place, and different" in why
    assert 'drop it: db.orders.dropIndex("idempotency.id_1")' in why
    assert run("audit").output.startswith("index orders.idempotency.id_1: idempotency.id_1 is in its place")
    bare["orders"].drop_index("idempotency.id_1")
    assert run("indexes", "create").exit_code == 0


def test_an_index_of_other_options_is_not_taken_for_ours() -> None:
    """As MongoDB lists them, with a collation written out in full."""
    folded = next(index for index in indexes.ALL["users"] if index.name == "email_folded")
    pending = next(index for index in indexes.ALL["orders"] if index.name == "pending")
    plain = {"v": 2, "key": {"email": 1}, "unique": True}
    listed = {**plain, "collation": {"locale": "en", "strength": 2, "caseLevel": False, "version": "57.1"}}

    assert folded.is_served_by(listed)
    assert not folded.is_served_by(plain)
    assert not folded.is_served_by({**listed, "collation": {"locale": "en", "strength": 3}})
    assert not indexes.ALL["users"][0].is_served_by(listed)
    assert not pending.is_served_by({"key": {"status": 1}})
    assert pending.is_served_by({"key": {"status": 1}, "partialFilterExpression": {"status": "Pending"}})
