"""All indexes of the database: what is missing, and making it (`flask indexes create`, the local stack)."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from bson import json_util
from pymongo import timeout
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError, OperationFailure

from config.resources import resources
from models import books, ended_tokens, inventory, order, token_family, user
from models.index_spec import Index

ALL: Final[Mapping[str, tuple[Index, ...]]] = {
    "users": user.INDEXES,
    "tokenfamilies": token_family.INDEXES,
    "endedtokens": ended_tokens.INDEXES,
    "orders": order.INDEXES,
    "inventories": inventory.INDEXES,
}
# A build reads the whole collection, and takes longer than any request may.
_BUILD_SECONDS = 3600
_MAX_VALUES, _MAX_DOCUMENTS = 10, 5  # that are named for one index, and for one value


class Missing(NamedTuple):
    """`name` is `orders.idempotency.id_1`; `why` tells of another index in its place, or is empty."""

    name: str
    vital: bool
    why: str


class Outcome(NamedTuple):
    """What came of one index: `made`, `there already` or `failed`, and why it failed, a line each."""

    name: str
    state: str
    vital: bool
    why: tuple[str, ...] = ()


def missing() -> list[Missing]:
    """Declared indexes that are not there, or are there and different."""
    return [
        Missing(f"{name}.{index.name}", index.vital, _in_its_place(name, index, existing))
        for name, declared in ALL.items()
        for existing in [_existing(name)]
        for index in declared
        if not any(map(index.is_served_by, existing))
    ]


def findings() -> Iterator[str]:
    """A line for the audit about each declared index that is not there."""
    for index in missing():
        yield f"index {index.name}: {index.why or 'missing; make it with: flask indexes create'}"


def create_all() -> list[Outcome]:
    """Make what is missing, and take over the Node app's products. Running it again changes nothing."""
    outcomes = list(create())
    books.adopt()
    return outcomes


def create() -> Iterator[Outcome]:
    """Make each index that is missing, whatever became of the others."""
    for name, declared in ALL.items():
        existing = _existing(name)
        for index in declared:
            state, why = "there already", list[str]()
            if not any(map(index.is_served_by, existing)):
                state, why = _make(name, index, existing)
            yield Outcome(f"{name}.{index.name}", state, index.vital, tuple(why))


def _make(name: str, index: Index, existing: list[dict[str, Any]]) -> tuple[str, list[str]]:
    try:
        with timeout(_BUILD_SECONDS):
            _collection(name).create_index(index.key, **index.options)
    except DuplicateKeyError:
        return "failed", list(_duplicates(name, index))
    except OperationFailure as error:
        reason = (error.details or {}).get("errmsg", "it does not say why")
        return "failed", [_in_its_place(name, index, existing) or f"MongoDB refuses it: {reason}"]
    return "made", []


def _collection(name: str) -> Collection[dict[str, Any]]:
    return resources().mongodb.collection(name)


def _existing(name: str) -> list[dict[str, Any]]:
    return [dict(index) for index in _collection(name).list_indexes()]


def _in_its_place(name: str, index: Index, existing: list[dict[str, Any]]) -> str:
    """A sentence about an index that has this one's name or fields and is different, or nothing."""
    for other in existing:
        if other["name"] == index.name or index.has_key_of(other):
            options = {option: value for option, value in other.items() if option not in ("v", "ns", "name")}
            return (
                f"{other['name']} is in its place, and different: {json_util.dumps(options)}. "
                f'If nobody needs it, drop it: db.{name}.dropIndex("{other["name"]}")'
            )
    return ""


def _duplicates(name: str, index: Index) -> Iterator[str]:
    """Which documents stand in the way of a unique index: a line for each value."""
    (field,) = index.fields
    collation = index.options.get("collation")
    there: dict[str, Any] = {"$exists": True} if index.options.get("sparse") else {}
    pipeline: list[dict[str, Any]] = [
        {"$match": {field: there} if there else {}},
        {"$group": {"_id": f"${field}", "count": {"$sum": 1}}},
        {"$match": {"count": {"$gt": 1}}},
        {"$sort": {"count": -1, "_id": 1}},
        {"$limit": _MAX_VALUES + 1},
    ]
    with timeout(_BUILD_SECONDS):
        found = list(_collection(name).aggregate(pipeline, collation=collation, allowDiskUse=True))
        yield f"{field} must be unique. Change or remove all but one of:"
        for row in found[:_MAX_VALUES]:
            same = _collection(name).find({field: {"$eq": row["_id"], **there}}, {field: 1})
            documents = same.collation(collation).limit(_MAX_DOCUMENTS)
            named = [f"{_value(one, field)!r} (_id {one['_id']!s:.100})" for one in documents]
            more = ["..."] if row["count"] > _MAX_DOCUMENTS else []
            yield f"{row['count']} documents: {', '.join(named + more)}"
    if len(found) > _MAX_VALUES:
        yield "and further values"


def _value(document: Any, path: str) -> Any:
    """What stands at a dotted path, or None."""
    for step in path.split("."):
        document = document.get(step) if isinstance(document, dict) else None
    return document
