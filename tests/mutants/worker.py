"""Changes a place of the clone it runs in, and runs the tests: Cosmic Ray's HTTP worker, on 127.0.0.1 alone.

`cosmic-ray http-worker` is the same and listens on all addresses, for commands from anybody.
"""

import sys

from aiohttp import web
from cosmic_ray.distribution.http import handle_mutate_and_test


def main() -> None:
    app = web.Application()
    app.add_routes([web.post("/", handle_mutate_and_test)])
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)


if __name__ == "__main__":
    main()
