"""deploy/ec2, as docs/DEPLOY.md has it: installed, and run by the units' own commands behind nginx."""

import json
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
import requests
from requests.adapters import HTTPAdapter

from tests.e2e.ec2 import Installation, nginx, own_settings
from tests.e2e.programs import install_if_missing
from tests.support.client import PASSWORD, Client, expect_problem
from tests.support.waiting import wait_for

UNITS = ("orders-web.socket", "orders-web.service", "orders-worker.service", "orders-audit.service")
SERVICES = [name for name in UNITS if name.endswith(".service")]
LOGINS_A_MINUTE = 60


@pytest.fixture(scope="module")
def installed(settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """On the local stack's servers, with a database and a queue of its own."""
    for program, package in (
        ("nginx", "nginx-light"),
        ("systemd-analyze", "systemd"),
        ("openssl", "openssl"),
    ):
        if not shutil.which(program, path="/usr/sbin:/usr/bin:/bin"):
            install_if_missing(program, package)
    installation = Installation(tmp_path_factory.mktemp("ec2"), own_settings(settings, "ec2"))
    installation.flask("indexes", "create")
    installation.flask("inventory", "set", "p-ec2", "--stock", "100000", "--price", "5")
    return installation


@pytest.fixture(scope="module")
def listening(installed: Installation) -> Iterator[socket.socket]:
    """The socket that systemd keeps open."""
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(installed.run / "web.sock"))
        made.listen(2048)
        yield made


@pytest.fixture(scope="module")
def site(installed: Installation, listening: socket.socket) -> Iterator[str]:
    """API, worker and nginx. The address of nginx."""
    with ExitStack() as stack:
        web = installed.web(listening)
        stack.callback(web.kill)
        worker = stack.enter_context(installed.service("orders-worker.service"))
        port = stack.enter_context(nginx(installed, installed.run / "web.sock"))
        base = f"http://127.0.0.1:{port}"
        wait_for(lambda: is_up(base) or not web.running, "the API behind nginx")
        assert web.running, web.output()
        yield base
        assert worker.running, worker.output()


def is_up(base: str) -> bool:
    return requests.get(base + "/livez", timeout=60).status_code == 200


def test_what_is_left_to_do_is_printed_and_settings_stay_when_it_is_run_again(
    installed: Installation,
) -> None:
    before = installed.settings_file.read_text()
    assert installed.settings_file.stat().st_mode & 0o777 == 0o640
    assert re.search(r"^JWT_SECRET=[0-9a-f]{64}$", before, re.MULTILINE)

    installed.install()

    assert installed.settings_file.read_text() == before
    assert "Fill in" in installed.printed and "systemctl restart orders-web" in installed.printed


@pytest.mark.parametrize("unit", [*UNITS, "orders-audit.timer"])
def test_systemd_finds_no_fault_with_a_unit(installed: Installation, unit: str) -> None:
    """It exits with 0 on keys that it does not know, and says so on standard error."""
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(installed.unit(unit))],
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in done.stderr.splitlines() if "orders-" in line]
    assert (done.returncode, ours) == (0, [])


@pytest.mark.parametrize("unit", SERVICES)
def test_a_service_is_hardened(installed: Installation, unit: str) -> None:
    """At most 2.0 of 10."""
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--threshold=20", str(installed.unit(unit))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_what_a_unit_does_not_need_of_the_kernel_is_refused_in_these_tests(
    installed: Installation, tmp_path: Path
) -> None:
    """So that what runs here runs under the units' SystemCallFilter."""
    (tmp_path / "file").touch()
    *confined, _python, _m, _module = installed.command("orders-worker.service")
    done = subprocess.run(
        [*confined, "/bin/chown", "0", str(tmp_path / "file")],
        env=installed.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "Operation not permitted" in done.stderr) == (1, True)


def test_gixy_finds_no_fault_with_the_site(installed: Installation) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gixy", str(installed.root / "etc/nginx/conf.d/orders.conf")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0 and "No issues found." in done.stdout, done.stdout + done.stderr


def test_an_order_is_placed_through_nginx_processed_and_mailed(site: str, installed: Installation) -> None:
    user = Client(site).register()
    placed = user.order({"p-ec2": 2}, key="k")
    assert placed.status_code == 201
    order_id = placed.json()["orderId"]

    waited = user.get(f"/api/orders/{order_id}", headers={"Prefer": "wait=20"})
    assert waited.json()["status"] == "Processed"

    wait_for(lambda: state_of_mail(installed, order_id) == "sent", "the mail")
    assert installed.do("orders-audit.service").stdout == "All is well.\n"
    assert "audit_findings 0.0\n" in (installed.state / "orders-audit/audit.prom").read_text()


def state_of_mail(installed: Installation, order_id: str) -> str:
    orders = [json.loads(line) for line in installed.flask("mails", "list", "--json").splitlines()]
    return next(str(order["mail"]["state"]) for order in orders if order["orderId"] == order_id)


def test_the_id_of_a_request_goes_through_nginx_both_ways_and_into_its_log(
    site: str, installed: Installation
) -> None:
    own = requests.get(site + "/livez", headers={"X-Request-Id": "mine-1"}, timeout=60)
    made = requests.get(site + "/livez", timeout=60)

    assert own.headers["X-Request-Id"] == "mine-1"
    log = installed.run / "access.log"
    wanted = {f"request_id={name}" for name in ("mine-1", made.headers["X-Request-Id"])}
    wait_for(lambda: wanted <= {line.split()[-1] for line in log.read_text().splitlines()}, "the lines")


def test_metrics_and_the_mailbox_are_closed_to_the_outside(site: str) -> None:
    for path in ("/metrics", "/dev/mailbox"):
        answer = requests.get(site + path, timeout=60)
        assert answer.status_code == 404 and "nginx" in answer.text


def test_a_body_that_is_too_large_for_the_api_gets_the_apis_own_error(site: str) -> None:
    user = Client(site).register()
    expect_problem(user.post("/api/orders", {"x": "x" * 110_000}), 413, "payload_too_large")
    expect_problem(user.post("/api/orders", {"x": "x" * 300_000}), 413, "payload_too_large")


def test_without_the_api_nginx_answers_503_in_the_apis_own_words(
    installed: Installation, tmp_path: Path
) -> None:
    with nginx(installed, tmp_path / "nothing.sock") as port:
        answer = Client(f"http://127.0.0.1:{port}").get("/api/orders")
    assert answer.headers["Retry-After"] == "5"
    expect_problem(answer, 503, "service_unavailable")


def from_address(base: str, address: str) -> Client:
    """A client with another address of this machine."""
    client = Client(base)
    adapter = HTTPAdapter()
    adapter.init_poolmanager(4, 4, source_address=(address, 0))
    client.session.mount("http://", adapter)
    return client


def log_in(client: Client, **headers: str) -> int:
    body = {"email": f"{uuid4().hex}@example.com", "password": PASSWORD}
    return client.post("/api/auth/login", body, token="", headers=headers).status_code


def test_each_client_behind_nginx_has_a_limit_of_its_own_and_cannot_talk_its_way_around_it(site: str) -> None:
    one, other = from_address(site, "127.0.7.1"), from_address(site, "127.0.7.2")

    answers = [log_in(one, **{"X-Forwarded-For": f"10.0.0.{n}"}) for n in range(LOGINS_A_MINUTE + 1)]

    assert answers == [401] * LOGINS_A_MINUTE + [429]
    assert log_in(other) == 401


def test_without_trusted_proxies_all_clients_would_share_one_limit(
    installed: Installation, settings: Mapping[str, str], tmp_path: Path
) -> None:
    """What install.sh writes down is needed: else a shop of 61 customers would lock itself out."""
    with own_web(installed, tmp_path, TRUSTED_PROXIES="0") as base:
        clients = [from_address(base, f"127.0.8.{n + 1}") for n in range(LOGINS_A_MINUTE + 1)]
        assert [log_in(client) for client in clients][-1] == 429


@contextmanager
def own_web(installed: Installation, home: Path, **changes: str) -> Iterator[str]:
    """Another API behind another nginx, with other settings in the environment."""
    with socket.socket(socket.AF_UNIX) as listening, ExitStack() as stack:
        listening.bind(str(home / "web.sock"))
        listening.listen(100)
        web = installed.web(listening, **changes)
        stack.callback(web.kill)
        port = stack.enter_context(nginx(installed, home / "web.sock"))
        base = f"http://127.0.0.1:{port}"
        wait_for(lambda: is_up(base) or not web.running, "the API behind nginx")
        yield base


def test_systemd_activates_the_api_by_its_socket_and_hears_that_it_is_ready(
    installed: Installation, tmp_path: Path
) -> None:
    """By systemd's own program for that. Type=notify: without the word, systemd would end it again."""
    activate = [
        "systemd-socket-activate",
        "-l",
        str(tmp_path / "web.sock"),
        "-E",
        f"NOTIFY_SOCKET={tmp_path}/n",
    ]
    environment = [f"-E{name}={value}" for name, value in installed.environment().items()]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified, ExitStack() as stack:
        notified.bind(f"{tmp_path}/n")
        notified.settimeout(60)
        command = [*activate, *environment, *installed.command("orders-web.service")]
        web = subprocess.Popen(command, cwd=installed.app)
        stack.callback(web.wait, 60)
        stack.callback(web.terminate)
        wait_for(lambda: (tmp_path / "web.sock").exists(), "the socket")
        with nginx(installed, tmp_path / "web.sock") as port:
            assert is_up(f"http://127.0.0.1:{port}")
        assert b"READY=1" in notified.recv(4096)


def await_requests(statuses: list[int]) -> None:
    """Let 20 more be answered."""
    before = len(statuses)
    wait_for(lambda: len(statuses) > before + 20, "further requests")


def test_a_restart_of_the_api_loses_no_request(installed: Installation, tmp_path: Path) -> None:
    """The socket stays open, so requests wait in it; those that are open are answered first."""
    sock = tmp_path / "web.sock"
    with socket.socket(socket.AF_UNIX) as listening, ExitStack() as stack:
        listening.bind(str(sock))
        listening.listen(2048)
        web = installed.web(listening)
        stack.callback(lambda: web.kill())
        port = stack.enter_context(nginx(installed, sock))
        base = f"http://127.0.0.1:{port}"
        wait_for(lambda: is_up(base), "the API")
        over, statuses = threading.Event(), list[int]()
        customers = [from_address(base, "127.0.9.1").register() for _ in range(4)]

        def use(customer: Client) -> None:
            while not over.is_set():
                placed = customer.order({"p-ec2": 1})
                statuses.append(placed.status_code)
                statuses.append(customer.get(f"/api/orders/{placed.json()['orderId']}").status_code)

        threads = [threading.Thread(target=use, args=(customer,)) for customer in customers]
        for thread in threads:
            thread.start()
        for _ in range(2):
            await_requests(statuses)
            assert web.stop(60) == 0, web.output()
            web = installed.web(listening)
        await_requests(statuses)
        over.set()
        for thread in threads:
            thread.join()

    assert set(statuses) == {200, 201}
