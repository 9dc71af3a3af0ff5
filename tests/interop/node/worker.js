// The worker of the Node deployment, with the database connection that it needs to get anywhere.
const { connected } = require("./clients");
const { finish } = require("./processing");
const { receive } = require("./services");

const POLL_MS = Number(process.env.POLL_MS ?? 5000);

async function poll() {
  const message = await receive();
  if (message) await finish(message.orderId);
}

connected.then(() => {
  console.log("polling");
  setInterval(() => poll().catch((error) => console.error("poll:", error.message)), POLL_MS);
});
