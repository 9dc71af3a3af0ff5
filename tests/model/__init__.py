"""The order protocol as a small model, and a search through every state that it can reach.

state.py       what the world looks like
decisions.py, step.py, mail.py, stock.py   the atomic writes, named as in models/; writes.py lists them
clock.py       when something is due
api.py         what a request does: create, replay, take over, cancel
worker.py      what `advance` does, for the sweeper and for deliveries
actors.py      how requests and workers move, and die
world.py       one step of the whole: any actor, a late write, the reaper, the purge, time
invariants.py  what must hold in every state, and once nothing is left to do
checker.py, trace.py   the search and its counterexamples
cases.py       the configurations: small for CI, large for a long run
mistakes.py, weak_steps.py   planted mistakes, each of which the search must find

docs/MODEL.md says what is modelled, what is not, and what was found.
"""
