"""The collections as other programs see them: any document can be written there."""

from typing import Any

from pymongo.collection import Collection

from config.resources import resources


def orders() -> Collection[Any]:
    return resources().mongodb.collection("orders")


def inventories() -> Collection[Any]:
    return resources().mongodb.collection("inventories")


def users() -> Collection[Any]:
    return resources().mongodb.collection("users")
