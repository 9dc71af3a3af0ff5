"""The patterns of the document, read as clients in JavaScript read them."""

import json

from models.schemas import PRODUCT_ID_PATTERN
from tests.e2e.test_examples import run
from tests.support.product_ids import NOT_PRODUCT_IDS, PRODUCT_IDS


def test_javascript_takes_the_product_ids_that_the_api_takes() -> None:
    names = [*PRODUCT_IDS, *NOT_PRODUCT_IDS]
    script = f'const p = new RegExp({json.dumps(PRODUCT_ID_PATTERN)}, "u");' + (
        f"console.log(JSON.stringify({json.dumps(names)}.map(name => p.test(name))))"
    )

    done = run("node", "-e", script)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [True] * len(PRODUCT_IDS) + [False] * len(NOT_PRODUCT_IDS)
