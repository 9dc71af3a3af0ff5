"""`python -m tests.model`: the searches of CI; with `--large`, the large ones. Prints as it goes."""

import argparse
import sys

from .cases import CI, LARGE
from .checker import Result, Search
from .state import Case


def main() -> int:
    """Search case by case. Ends with 1 if a rule is broken, after its trace."""
    parser = argparse.ArgumentParser(prog="python -m tests.model", description=__doc__)
    parser.add_argument("--large", action="store_true", help="the large cases instead of those of CI")
    parser.add_argument("--minutes", type=float, default=10, help="of one core, for each case (10)")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    arguments = parser.parse_args()
    cases = [case for case in (LARGE if arguments.large else CI) if arguments.only in case.name]
    return max([_search(case, arguments.minutes * 60) for case in cases], default=2)


def _search(case: Case, seconds: float) -> int:
    _say(f"\n{case.name}")
    result = Search(case, seconds, _progress).run()
    _say(f"\r  {_summary(result)}")
    if result.violation:
        _say(str(result.violation))
    return 1 if result.violation else 0


def _progress(depth: int, states: int, waiting: int) -> None:
    _say(f"\r  depth {depth:3}: {states:12,} states, {waiting:10,} of them new", end="")


def _summary(result: Result) -> str:
    found = "a violation" if result.violation else "no violation"
    how_far = "all" if result.complete or result.violation else "stopped; so far"
    return f"{how_far} {result.states:,} states, depth {result.depth}, {result.seconds:.0f} s: {found}"


def _say(text: str, end: str = "\n") -> None:
    sys.stdout.write(text + end)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
