"""A client with requests: register, log in, order, see it Processed. Usage: python examples/order.py [URL]"""

import sys
from uuid import uuid4

import requests

api = (sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:3000") + "/api"
session = requests.Session()
session.hooks["response"].append(lambda answer, **_: answer.raise_for_status())

user = {"email": f"python-{uuid4().hex}@example.com", "password": "password123"}
session.post(f"{api}/auth/register", json=user)
token = session.post(f"{api}/auth/login", json=user).json()["token"]
session.headers["Authorization"] = f"Bearer {token}"
session.headers["Prefer"] = "wait=20"  # answered once the order is no longer Pending
body = {"items": [{"productId": "keyboard", "quantity": 1}]}
order = session.post(f"{api}/orders", json=body, headers={"Idempotency-Key": uuid4().hex}).json()
print(f"Order {order['orderId']} is {order['status']}.")
