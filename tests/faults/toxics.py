"""What the proxy can do to connections, under toxiproxy's names where it has one."""

from typing import NamedTuple


class Latency(NamedTuple):
    """Every piece of data comes that much later."""

    seconds: float


class Silence(NamedTuple):
    """Connections are accepted and nothing comes through. What was sent meanwhile arrives at the end, late:
    also what the sender has given up long ago."""


class Hold(NamedTuple):
    """As Silence, but only for connections to the server on which these bytes are sent."""

    pattern: bytes


class Down(NamedTuple):
    """Nobody listens; what was connected is cut."""


class Reset(NamedTuple):
    """Data is answered with RST, in either direction."""


class SlowClose(NamedTuple):
    """What the server closes stays open that much longer."""

    seconds: float


class Cut(NamedTuple):
    """A connection ends after so many bytes of answers, counted from now on."""

    after_bytes: int


Toxic = Latency | Silence | Hold | Down | Reset | SlowClose | Cut
