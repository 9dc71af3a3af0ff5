#!/usr/bin/env bash
# A client with curl: register, log in, order, see it Processed. Usage: examples/order.sh [URL]
set -euo pipefail
api=${1:-http://127.0.0.1:3000}/api
json='Content-Type: application/json'
field() { grep -o "\"$1\":\"[^\"]*\"" | head -1 | cut -d '"' -f 4; }

user="{\"email\": \"curl-$RANDOM$RANDOM@example.com\", \"password\": \"password123\"}"
curl -sS --fail-with-body "$api/auth/register" -H "$json" -d "$user" >/dev/null
token=$(curl -sS --fail-with-body "$api/auth/login" -H "$json" -d "$user" | field token)
order='{"items": [{"productId": "keyboard", "quantity": 1}]}'
answer=$(curl -sS --fail-with-body "$api/orders" -H "$json" -H "Authorization: Bearer $token" \
  -H 'Prefer: wait=20' -d "$order") # answered once the order is no longer Pending
echo "Order $(field orderId <<<"$answer") is $(field status <<<"$answer")."
