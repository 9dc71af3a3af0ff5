"""Of each fault its title, what clients see meanwhile, and what mends it: the cards of the board."""

from typing import Final

_AGAIN: Final = "The supervisor starts it again within seconds."

WORDS: Final = {
    "kill_worker": (
        "Kill the worker",
        "Orders are taken and answered as before. They stay Pending, at most for seconds.",
        f"{_AGAIN} What it had begun is finished from its message, or by a sweep after 30 s.",
    ),
    "kill_api": (
        "Kill the API",
        "Connections are refused for some seconds. A request that is sent again with its Idempotency-Key "
        "makes one order.",
        f"{_AGAIN} An order that it was about to decide expires after 60 s and frees its stock.",
    ),
    "stop_redis": (
        "Stop Redis",
        "All goes on, somewhat slower: reads come from MongoDB (X-Cache: miss), each process counts rate "
        "limits by itself, `Prefer: wait` looks into the database.",
        "It is asked again every 2 s, and used once it answers.",
    ),
    "stop_mongo": (
        "Stop MongoDB",
        "Orders, logins and reads that are not cached are answered 503 with Retry-After within milliseconds, "
        "but for the first 3 s. What was accepted is kept.",
        "Calls go through again as soon as it answers; the worker goes on where it was.",
    ),
    "stop_sqs": (
        "Stop SQS",
        "Orders are taken and answered as before. They stay Pending for up to 35 s.",
        "No message tells a worker of them; its sweep finds every order 30 s after it was placed.",
    ),
    "throttle_ses": (
        "Let SES take one mail a second",
        "Orders end as before. Their mails come late, one a second.",
        "The worker sends as fast as SES takes mails, and faster again when SES lets it.",
    ),
    "hang_ses": (
        "Let SES hang",
        "Orders end as before. Mails are late; whether SES took one that it did not answer, nobody knows.",
        "After 10 s such a mail counts as unknown, and is sent again 10 minutes later: twice at most.",
    ),
    "pause_ses": (
        "Let SES pause the account",
        "Orders end as before. Mails wait, as the fault is not theirs; /readyz and this board say so.",
        "One mail is tried now and then. When SES takes it, the others follow.",
    ),
    "deliver_twice": (
        "Deliver a message twice",
        "Nothing: the message of the latest order comes two more times; it is processed and mailed once.",
        "Each step is a compare-and-set in MongoDB: a second message finds nothing left to do.",
    ),
    "poison_message": (
        "Send a message that is no order",
        "Nothing: orders are processed beside it.",
        "After 5 receives, here in half a minute, SQS makes it a dead letter; mending here deletes those.",
    ),
    "odd_document": (
        "Write an odd document",
        "Nothing: an order whose items are a text stands among the others.",
        "The worker puts it aside, and `flask audit` names it until it is mended; here it is deleted.",
    ),
}
