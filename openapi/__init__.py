"""The OpenAPI document: made of the routes and their schemas, so that it cannot drift.

responses.py  the decorator by which a route declares its responses
traits.py     what several routes have in common: pages, ETags, waiting, idempotency
schemas.py    what comes back; what comes in stands in models/
fields.py     what the strict fields of models/schemas.py, and lists of words, are in JSON Schema
problems.py   errors as answers
examples.py   one example of everything
links.py      which call follows another
document.py   puts it together

Own code on apispec, which draws the schemas. flask-smorest 0.47 and APIFlask 3.1 were tried on two routes:
GET and POST of orders. Either would take over the walk along the routes in document.py, some 120 of 1,000
lines. The rest has no place in them: an example for each error code, responses that depend on who may call,
304 and links, parameters as components. Both parse bodies by webargs and answer 422 in a shape of their own,
which would have to be turned off at each route: our errors are problem details.
"""
