// What the Node deployment's worker does with one order, in its two halves: what happens between them is lost on it.
const { Order } = require("./models");
const { mail, remember } = require("./services");

const load = (orderId) => Order.findOne({ orderId });

async function complete(order) {
  order.status = "Processed";
  await order.save();
  await remember(`order:${order.orderId}`, order);
  // It gives the user's id where the address belongs: the SDK refuses it, and no mail leaves.
  await mail(order.userId, order.orderId, order.items, "Processed").catch((error) =>
    console.error("mail:", error.code),
  );
}

async function finish(orderId) {
  const order = await load(orderId);
  if (!order) return console.error("order not found:", orderId);
  await complete(order);
  return console.log("processed", orderId);
}

module.exports = { complete, finish, load };
