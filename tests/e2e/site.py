"""A site of nginx, run on this machine as it stands in a file of deploy/, but for its addresses."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from local_stack.probes import accepts, free_port
from local_stack.processes import Process
from tests.support.waiting import wait_for


@contextmanager
def nginx(text: str, here: Mapping[str, str], home: Path, environment: Mapping[str, str]) -> Iterator[int]:
    """`here` has what stands for each address and path in it; PORT is nginx's own, which is yielded."""
    port = free_port()
    site = home / "site.conf"
    for original, replacement in here.items():
        assert original in text, original
        text = text.replace(original, replacement.replace("PORT", str(port)))
    site.write_text(text)
    whole = home / "nginx.conf"
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")  # all are made, used or not
    folders = "".join(f"{kind}_temp_path {home}/{kind};" for kind in kinds)
    user = "" if os.geteuid() else "user root; "  # who else starts it gets a warning for that line
    whole.write_text(
        f"{user}daemon off; pid {home}/nginx.pid; error_log {home}/nginx-error.log;\n"
        f"events {{}}\nhttp {{ {folders} include {site}; }}\n"
    )
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program
    command = [program, "-c", str(whole), "-e", f"{home}/nginx-error.log"]
    check = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert check.returncode == 0 and "warn" not in check.stderr, check.stderr
    process = Process("nginx", command, environment=environment, log=home / "nginx.log").start()
    try:
        wait_for(lambda: accepts(port), "nginx")
        yield port
    finally:
        process.stop(10)
