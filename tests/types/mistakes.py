"""Mistakes about documents that mypy must find: each line that ends in `# wrong`. Nothing runs this file."""

from models.documents import HistoryEntry, Hold, Item, Mail, Order, Product, TokenFamily, User


def fields_that_do_not_exist(order: Order, product: Product, user: User, family: TokenFamily) -> None:
    order["staus"]  # wrong
    order["items"][0]["quantitiy"]  # wrong
    order["mail"]["attempt"]  # wrong
    order["history"][0]["events"]  # wrong
    product["stocks"]  # wrong
    product["holds"][0]["order_id"]  # wrong
    user["e_mail"]  # wrong
    family["tokens"][0]["expires_at"]  # wrong


def words_that_do_not_exist(order: Order, mail: Mail, entry: HistoryEntry) -> None:
    order["status"] = "pending"  # wrong
    order["failureReason"] = "canceled"  # wrong
    mail["state"] = "send"  # wrong
    entry["event"] = "accept"  # wrong
    if order["status"] == "Done":  # wrong
        pass


def values_of_other_types(order: Order, product: Product, hold: Hold) -> None:
    order["totalAmount"] = "20.00"  # wrong
    order["nextActionAt"] = 1764000000  # wrong
    product["stock"] = None  # wrong
    hold["quantity"] = "2"  # wrong


def fields_that_are_missing() -> Item:
    return {"productId": "keyboard"}  # wrong
