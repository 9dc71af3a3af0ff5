"""A counterexample in words: each step, and the documents that it changed."""

from collections.abc import Iterable, Iterator

from .actors import Step
from .state import NEVER, NOW, Order, Product, State

# What comes after an order in a label: a product, then a hold id.
_WITH_PRODUCT = frozenset({"reserve", "free_hold", "settle_sold", "settle_returned"})
_NEXT = {NEVER: "nothing left to do", NOW: "due"}


def describe(steps: Iterable[Step]) -> str:
    """One line a step, and one line for each document that it changed."""
    lines: list[str] = []
    before: State | None = None
    for number, (label, state) in enumerate(steps):
        lines.append(f"{number:3}  {_sentence(label)}")
        lines.extend(f"         {change}" for change in _changes(before, state))
        before = state
    return "\n".join(lines)


def _sentence(label: tuple[object, ...]) -> str:
    """The first number after a step's name is an order, the next ones are a product and a hold id, if the
    step is one of a product's."""
    words, kinds = [], iter("")
    for word in label:
        if isinstance(word, str):
            words.append(word)
            kinds = kinds if word in ("due", "unknown") else iter("oph" if word in _WITH_PRODUCT else "o")
        else:
            words.append(_named(next(kinds, ""), word))
    return " ".join(words)


def _named(kind: str, value: object) -> str:
    if kind == "o" and isinstance(value, int):
        return f"order {value + 1}"
    if kind == "p" and isinstance(value, int):
        return f"product {_letter(value)}"
    return f"hold {value}" if kind == "h" else str(value)


def _changes(before: State | None, after: State) -> Iterator[str]:
    if before is None:
        yield from (f"product {_letter(p)}: {_product(x)}" for p, x in enumerate(after.products))
        yield from (f"order {o + 1}: {_order(x)}" for o, x in enumerate(after.orders) if x)
        return
    for o, order in enumerate(after.orders):
        if order != before.orders[o]:
            yield f"order {o + 1}: {_order(order)}"
    for p, product in enumerate(after.products):
        if product != before.products[p]:
            yield f"product {_letter(p)}: {_product(product)}"
    yield from _news(before, after)


def _news(before: State, after: State) -> Iterator[str]:
    """What the referee noted."""
    for o, notes in enumerate(after.ledger):
        old = before.ledger[o]._asdict()
        news = [f"{k}: {v}" for k, v in notes._asdict().items() if v != old[k]]
        if news:
            yield f"of order {o + 1}, {', '.join(news)}"


def _order(order: Order | None) -> str:
    if order is None:
        return "gone"
    words = [f"{order.status} {order.reason}".strip()]
    words += [name for name in ("accepted", "settled", "keyed") if getattr(order, name)]
    if order.hold_ids:
        words.append("names hold " + "/".join(map(str, order.hold_ids)))
    if order.attempts:
        words.append(f"attempts {order.attempts}")
    if order.step:
        words.append(f"step claimed ({order.step}{', lapsed' if order.lapsed else ''})")
    if order.undo:
        words.append("undo owed")
    if order.mail:
        words.append(f"mail {order.mail} ({order.mail_attempts})")
    if order.next in _NEXT:
        words.append(_NEXT[order.next])
    return ", ".join(words)


def _product(product: Product) -> str:
    holds = ", ".join(f"{quantity} by order {o + 1} (hold {i})" for o, i, quantity in product.holds)
    return f"stock {product.stock}, sold {product.sold}, held: {holds or 'nothing'}"


def _letter(p: int) -> str:
    return "ABCDEFGH"[p]
