// A client with fetch (Node 20): register, log in, order, see it Processed. Usage: node examples/order.mjs [URL]
const api = (process.argv[2] ?? "http://127.0.0.1:3000") + "/api";

async function post(path, body, headers = {}) {
  headers = { "Content-Type": "application/json", ...headers };
  const answer = await fetch(api + path, { method: "POST", headers, body: JSON.stringify(body) });
  const data = await answer.json();
  if (!answer.ok) throw new Error(`${data.code}: ${data.detail}`);
  return data;
}

const user = { email: `node-${crypto.randomUUID()}@example.com`, password: "password123" };
await post("/auth/register", user);
const { token } = await post("/auth/login", user);
const order = await post("/orders", { items: [{ productId: "keyboard", quantity: 1 }] }, {
  Authorization: `Bearer ${token}`,
  "Idempotency-Key": crypto.randomUUID(), // the same key may be sent again, and makes no second order
  Prefer: "wait=20", // answered once the order is no longer Pending
});
console.log(`Order ${order.orderId} is ${order.status}.`);
