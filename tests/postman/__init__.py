"""The Postman collection, run by newman: `python -m tests.postman`."""
