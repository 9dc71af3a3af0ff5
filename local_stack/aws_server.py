"""ministack, whose SES keeps the mails it took: by itself it forgets them at each start. And with faults.

A script of its own, in ministack's process: `python aws_server.py`, with the settings that aws.py gives it.
Each mail is in the file before its sender has an answer, so that `kill -9` loses none.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any, Final

from ministack.core.responses import get_account_id, get_region  # type: ignore[import-untyped]
from ministack.services import ses  # type: ignore[import-untyped]

MAX_KEPT: Final = 1000  # at a start; the oldest are forgotten first
_FILE: Final = "mails.jsonl"

Record = dict[str, Any]


class KeptMails(list[Record]):
    """The mails of one account in one region. What is appended is in the file, too."""

    def __init__(self, path: Path, owner: tuple[str, str], mails: list[Record]) -> None:
        super().__init__(mails)
        self._path, self._owner = path, owner

    def append(self, mail: Record) -> None:
        with self._path.open("ab", buffering=0) as file:
            file.write(_line(self._owner, mail))
        super().append(mail)


def keep_mails(path: Path) -> None:
    """Have SES start with the mails of the file, and add its own."""
    kept = _read(path)[-MAX_KEPT:]
    draft = path.with_suffix(".new")
    draft.write_bytes(b"".join(_line(owner, mail) for owner, mail in kept))
    draft.replace(path)  # whole or not at all

    for owner in {owner for owner, _ in kept}:
        mails = [mail for its_owner, mail in kept if its_owner == owner]
        ses._sent_emails.set_scoped(*owner, "entries", KeptMails(path, owner, mails))

    def sent_mails() -> list[Record]:
        if "entries" not in ses._sent_emails:
            ses._sent_emails["entries"] = KeptMails(path, (get_account_id(), get_region()), [])
        mails: list[Record] = ses._sent_emails["entries"]
        return mails

    ses._sent_emails_list = sent_mails


def _line(owner: tuple[str, str], mail: Record) -> bytes:
    return json.dumps([*owner, mail]).encode() + b"\n"


def _read(path: Path) -> list[tuple[tuple[str, str], Record]]:
    """Whose mail, and the mail. A line that a full disk cut off is passed over."""
    found = []
    for line in path.read_bytes().splitlines() if path.exists() else []:
        try:
            account, region, mail = json.loads(line)
        except ValueError:
            continue
        found.append(((account, region), mail))
    return found


if __name__ == "__main__":
    from ministack import app as ministack  # type: ignore[import-untyped]

    sys.path.append(str(Path(__file__).parent.parent))  # at the end, where it hides no package
    from local_stack.aws_faults import AwsFaults

    keep_mails(Path(os.environ["STATE_DIR"]) / _FILE)
    ministack.app = AwsFaults(ministack.app)
    ministack.main()
