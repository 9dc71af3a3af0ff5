"""Faults: processes killed at every step, servers cut off and hung, and an independent checker of the books.

`make faults` runs it; docs/RELIABILITY.md says what it proves. What stands on what:

    field.py        the local stack with a database, a queue and a mail server (faulty_ses.py) of its own
    arena.py        a field with a proxy before each server (proxy.py, toxics.py, queue_shim.py)
    lane.py         a field with an API that never crashes, and a worker that recovers what others left
    launch.py       one process of the application; MISTAKE=name plants one of mistakes/ first
    shopper.py      a client that writes down what it asked and was answered; shopping.py is what it does
    injectors.py     what goes wrong in the random run, and when
    crash_*.py      for each crash point of the application, the work that comes past it
    checker*.py     compares the clients' log, the database and what SES took, and trusts nothing else

Runs: test_crash_points.py (each point, on lanes), random_run.py (an arena, shoppers and injectors),
test_planted_mistakes.py (does the checker find what is wrong on purpose?), test_ses_outages.py.
"""
