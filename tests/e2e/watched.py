"""A system of `make run` as Prometheus sees it: what it scrapes, and when all is well in that."""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import requests

from local_stack.programs import ROOT, clean_environment
from tests.e2e.scrapes import Job, Scrape, scrape, target
from tests.support.client import Client
from tests.support.waiting import wait_for
from tests.support.whole_system import WholeSystem

SOON = {"SWEEP_SECONDS": "0.5", "AUDIT_SECONDS": "0.5", "RING_SECONDS": "2", "MAIL_RETRY_SECONDS": "5"}
SOON |= {"QUEUE_VISIBILITY_SECONDS": "1", "MAIL_THREADS": "1"}
PLENTY = {"ORDERS_PER_MINUTE": "10000", "MAILS_WAITING_PER_USER": "10000"}


class Watched:
    """A system, and what Prometheus asks of it."""

    def __init__(self, system: WholeSystem, worker_port: int, directory: Path) -> None:
        self.base, self.settings, self.directory = system.base, system.settings(), directory
        self.customer = Client(system.base).register()
        self._audit = directory / "audit.prom"
        self._flask("inventory", "set", "keyboard", "--stock", "100000")
        self.jobs: list[Job] = [
            ("orders-api", target(system.port)),
            ("orders-worker", target(worker_port)),
            ("node", self._audit_file),
        ]

    def scrape(self) -> Scrape:
        return scrape(self.jobs)

    def audit(self) -> None:
        self._flask("audit", "--metrics-file", str(self._audit))

    def _flask(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "flask", *arguments]
        environment = clean_environment(self.settings)
        subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)

    def break_(self, name: str) -> None:
        assert self.customer.put(f"/dev/break/{name}").status_code == 200

    def mend(self, name: str) -> None:
        assert self.customer.delete(f"/dev/break/{name}").status_code == 200

    def order(self) -> None:
        """What is answered, and whether, is not looked at here."""
        with suppress(requests.RequestException):
            self.customer.order({"keyboard": 1})

    def value(self, start: str, having: str = "") -> float:
        """The sum of the series that begin so, and have that in them; 0 without one."""
        found = self.scrape().items()
        return sum(value for name, value in found if name.startswith(start) and having in name)

    def well(self) -> Scrape:
        """A scrape in which all is well: nothing is down, late, held or dead, and no circuit is open."""
        wrong = (
            "circuit_open",
            "overdue_seconds",
            "mails_held",
            "queue_messages",
            "orders_in_state",
            "audit_findings",
        )

        def is_well() -> Scrape | None:
            found = self.scrape()
            if any(value for name, value in found.items() if name.startswith("circuit_open")):
                self.order()  # it closes when it is used
            up = [found[f'up{{job="{job}"}}'] for job in ("orders-api", "orders-worker")]
            if all(up) and not any(value for name, value in found.items() if name.startswith(wrong)):
                return found
            if any(value for name, value in found.items() if name.startswith("audit_findings")):
                self.audit()
            return None

        wait_for(lambda: self.value('up{job="orders-api"}') == 1, "the API")
        self.audit()
        return wait_for(is_well, "all to be well", 180)

    def _audit_file(self) -> bytes | None:
        return self._audit.read_bytes() if self._audit.exists() else None
