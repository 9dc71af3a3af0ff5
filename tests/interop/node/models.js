// The schemas of the Node deployment: its names, types, rules and collections. All keep times.
const { Schema, model } = require("mongoose");

const needed = (type, more = {}) => ({ type, required: true, ...more });
const withTimes = (fields) => new Schema(fields, { timestamps: true });

const User = model(
  "User",
  withTimes({ email: needed(String, { unique: true }), password: needed(String), refreshToken: String }),
);

const Inventory = model(
  "Inventory",
  withTimes({ productId: needed(String, { unique: true }), stock: needed(Number) }),
);

const Order = model(
  "Order",
  withTimes({
    orderId: needed(String, { unique: true }),
    userId: needed(Schema.Types.ObjectId, { ref: "User" }),
    items: [{ productId: needed(String), quantity: needed(Number) }],
    totalAmount: needed(Number),
    status: { type: String, enum: ["Pending", "Processed", "Failed"], default: "Pending" },
  }),
);

module.exports = { Inventory, Order, User };
