"""Starts one process of the application: `python -m tests.faults.launch web|worker`.

As gunicorn and the worker's own command do, but the web application is a single process, so that its death
can be seen. With MISTAKE=name in the environment, the mistake of tests/faults/mistakes is made first.
"""

import os
import sys
from importlib import import_module


def serve() -> None:
    """The application on PORT, a thread a request."""
    from werkzeug.serving import make_server

    from wsgi import app

    make_server("127.0.0.1", int(os.environ["PORT"]), app, threaded=True).serve_forever()


def main(role: str) -> None:
    mistake = os.environ.get("MISTAKE")
    if mistake:
        import_module(f"tests.faults.mistakes.{mistake}").plant()
    if role == "web":
        serve()
    else:
        from workers import order_worker

        order_worker.main()


if __name__ == "__main__":
    main(sys.argv[1])
