"""Amounts are JSON numbers with at most two decimals, and whole cents where they are added up."""

from decimal import Decimal


def to_cents(amount: float) -> int:
    """19.99 -> 1999. Through the decimal text, since 19.99 * 100 is 1998.9999999999998 in binary."""
    return int((Decimal(repr(amount)) * 100).to_integral_value())


def from_cents(cents: int) -> int | float:
    """1999 -> 19.99, 2000 -> 20: a whole amount stays an integer, as JavaScript would write it."""
    return cents // 100 if cents % 100 == 0 else cents / 100


def has_cents_at_most(amount: float) -> bool:
    """True for at most two decimals."""
    exponent = Decimal(repr(amount)).normalize().as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -2
