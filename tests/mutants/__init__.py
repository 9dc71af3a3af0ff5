"""Mutation testing: is there a test that fails when one place of the application is changed? `make mutants`.

Cosmic Ray makes one small change at a time in models/, controllers/, workers/, services/, middleware/ and
utils/, in a clone of the repository, and runs tests until one fails: that mutant is killed. One that no test
notices has survived: a test is missing, or survivors.toml says why the change does not matter.

    settings.toml    what is changed, and what is not
    chosen.py        which tests are tried first for a change in which module
    attempt.py       the command that Cosmic Ray runs for each mutant
    session.py       clones, servers and Cosmic Ray's own processes; a run can be stopped and taken up again
    kept.py          what came out before, in results.json: what stands in the same line is not tried again
    report.py        the table in docs/MUTANTS.md

mutmut was tried first: it leaves out decorated functions (here all that write) and what stands outside of
functions (here all limits), and it cannot see a change take effect in a server's process.
"""
