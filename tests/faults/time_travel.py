"""Moves the moments that the application waits for into the past: it only ever compares them with its clock.

A claim of 60 s or 120 s whose process is dead need not be waited out.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import ObjectId


def pass_time(database: Any, users: Sequence[ObjectId] | None = None, claims: bool = True) -> None:
    """Make everything due. With `claims` also what a worker is at, mails and business steps: say so only when
    it is dead."""
    wanted: dict[str, Any] = {"nextActionAt": {"$gt": datetime.now(UTC)}}
    if users is not None:
        wanted["userId"] = {"$in": list(users)}
    if not claims:
        wanted |= {"mail.state": {"$ne": "claimed"}, "step": {"$exists": False}}
    past = datetime.now(UTC) - timedelta(seconds=1)
    # One by one: SecantusDB 0.7 loses index entries when update_many sets the field that it was found by.
    for order in database["orders"].find(wanted, {"nextActionAt": 1, "step": 1}):
        same = {"_id": order["_id"], "nextActionAt": order["nextActionAt"]}
        lease = {"step.until": past} if "step" in order else {}
        database["orders"].update_one(same, {"$set": {"nextActionAt": past, **lease}})


def end_mail_claims(database: Any, users: Sequence[ObjectId], made_before: datetime) -> None:
    """Make those claims of mails run out that were made before then: they hold for 120 s."""
    past, until = datetime.now(UTC) - timedelta(seconds=1), made_before + timedelta(seconds=120)
    wanted = {"userId": {"$in": list(users)}, "mail.state": "claimed", "mail.until": {"$lte": until}}
    for order in database["orders"].find({**wanted, "nextActionAt": {"$gt": past}}, {"nextActionAt": 1}):
        same = {"_id": order["_id"], "nextActionAt": order["nextActionAt"]}
        database["orders"].update_one(same, {"$set": {"nextActionAt": past}})


def age_holds(database: Any, product_ids: Sequence[str]) -> None:
    """Make all holds on these products old enough for the reaper."""
    past = datetime.now(UTC) - timedelta(hours=1)
    wanted = {"productId": {"$in": list(product_ids)}, "holds": {"$ne": []}}
    database["inventories"].update_many(wanted, {"$set": {"holds.$[].at": past}})


def at_rest(database: Any, users: Sequence[ObjectId] | None = None) -> bool:
    """Nobody need look at any order again."""
    wanted: dict[str, Any] = {"nextActionAt": {"$exists": True}}
    if users is not None:
        wanted["userId"] = {"$in": list(users)}
    return database["orders"].find_one(wanted, {"_id": 1}) is None


def no_holds(database: Any, product_ids: Sequence[str]) -> bool:
    held = {"productId": {"$in": list(product_ids)}, "holds": {"$ne": []}}
    return database["inventories"].find_one(held, {"_id": 1}) is None
