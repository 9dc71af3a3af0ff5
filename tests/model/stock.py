"""The writes of `inventories`, as in models/reservations.py: each concerns one product of an order."""

from .state import Case, Product, State, put_product


def reserve(case: Case, state: State, o: int, p: int, hold_id: int) -> State | None:
    """The part of the bulk write that concerns one product."""
    product, quantity = state.products[p], case.requests[o][1][p]
    if product.stock < quantity or any(hold[0] == o for hold in product.holds):
        return None
    return add_hold(state, p, (o, hold_id, quantity))


def add_hold(state: State, p: int, hold: tuple[int, int, int]) -> State:
    stock, sold, holds = state.products[p]
    return put_product(state, p, Product(stock - hold[2], sold, tuple(sorted((*holds, hold)))))


def settle_sold(case: Case, state: State, o: int, p: int) -> State | None:
    """Sells the one hold that the accepted order names."""
    order = state.orders[o]
    if order is None or not order.hold_ids:
        return None
    return end_holds(case, state, o, p, order.hold_ids[p], "sold")


def settle_returned(case: Case, state: State, o: int, p: int) -> State | None:
    """Gives back what the order holds, under any hold id."""
    return end_holds(case, state, o, p, None, "stock")


def free_hold(case: Case, state: State, o: int, p: int, hold_id: int) -> State | None:
    """The reaper's: one stray hold goes back, by its exact id."""
    return end_holds(case, state, o, p, hold_id, "stock")


def end_holds(case: Case, state: State, o: int, p: int, hold_id: int | None, to: str) -> State | None:
    """`$pull` of all holds that match, and one `$inc` by the order's quantity."""
    product = state.products[p]
    kept = tuple(hold for hold in product.holds if hold[0] != o or hold_id not in (None, hold[1]))
    if len(kept) == len(product.holds):
        return None
    more = getattr(product, to) + case.requests[o][1][p]
    return put_product(state, p, product._replace(holds=kept, **{to: more}))
