"""What mongoose's models were: schemas, indexes, and every read and write, each a named function.

No MongoDB operator stands outside this folder.
"""
