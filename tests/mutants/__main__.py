"""`make mutants`: try the tests on each mutant, then write docs/MUTANTS.md. Takes hours; may be stopped."""

import argparse
import os
import signal
import sys
import time
from collections import Counter
from typing import Final

from tests.mutants import kept
from tests.mutants.report import score_of, write_report
from tests.mutants.session import Session

_SECONDS_BETWEEN_LINES: Final = 20.0


def main() -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: what runs is ended in good order
    options = _options()
    session = Session()
    if options.new:
        session.forget()
        kept.RESULTS.unlink(missing_ok=True)
    session.open()
    if options.survivors:
        print(f"{session.take_survivors()} survivors are tried again, and no others.")
    if not options.report:
        _work(session, options)
        session.keep()
    print("Written:", write_report(session))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutants ARGS=...", description=__doc__)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after so long")
    parser.add_argument(
        "--at-once", type=int, default=os.cpu_count(), help="how many mutants at once: %(default)s"
    )
    parser.add_argument(
        "--seconds",
        type=int,
        default=120,
        help="for the tests of one mutant: %(default)s; few for a first look",
    )
    parser.add_argument("--survivors", action="store_true", help="try those again that survived, alone")
    parser.add_argument("--report", action="store_true", help="only write docs/MUTANTS.md anew")
    parser.add_argument("--new", action="store_true", help="try all, whatever came out before")
    return parser.parse_args()


def _work(session: Session, options: argparse.Namespace) -> None:
    print("Only what is committed is changed and tried. Ctrl-C stops; `make mutants` goes on from there.")
    begun, before = time.monotonic(), _tried(session)
    try:
        with session.running(options.at_once, options.seconds) as process:
            print(f"{options.at_once} at once.")
            while process.poll() is None and time.monotonic() - begun < options.minutes * 60:
                time.sleep(_SECONDS_BETWEEN_LINES)
                _say(session, time.monotonic() - begun, before)
    except KeyboardInterrupt:
        print("Stopped.")


def _tried(session: Session) -> int:
    return sum(mutant.outcome != "" for mutant in session.mutants())


def _say(session: Session, seconds: float, before: int) -> None:
    mutants = session.mutants()
    outcomes = Counter(mutant.outcome for mutant in mutants)
    tried = len(mutants) - outcomes[""]
    if tried == before:
        return
    each = seconds / (tried - before)
    print(
        f"{tried:,} of {len(mutants):,} tried, {score_of(outcomes):.1f} % killed, "
        f"{outcomes['survived']} survived; {each:.1f} s each, {outcomes[''] * each / 3600:.1f} h to go",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
