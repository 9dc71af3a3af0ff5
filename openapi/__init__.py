"""The OpenAPI document: made of the routes and their schemas, so that it cannot drift.

answers.py    the decorator by which a route says what it answers
traits.py     what several routes have in common: pages, ETags, waiting, idempotency
schemas.py    what comes back; what comes in stands in models/
fields.py     what the strict fields of models/schemas.py, and lists of words, are in JSON Schema
problems.py   errors as answers
examples.py   one example of everything
links.py      which call follows another
document.py   puts it together
"""
