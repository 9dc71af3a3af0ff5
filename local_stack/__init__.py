"""The local stack: MongoDB, Redis, SQS and SES on this machine, and one command that runs it all.

The application does not know of it. What is started here reaches the application as settings.
The Node project had no counterpart: it asked for a running MongoDB, Redis and AWS account.
"""
