// What a person of the Node team does at a console, for tests: POST / {"do": name, ...} answers {"is": result}.
const express = require("express");
const { cache, connected } = require("./clients");
const models = require("./models");
const processing = require("./processing");
const services = require("./services");

const kind = (name) => ({ access: services.ACCESS, refresh: services.REFRESH })[name];
const opened = new Map(); // orders that its worker has read and not yet written

// Makes the indexes of a schema as mongoose does at the start; the message of what is in the way, or null.
const initialised = (model) => model.init().then(() => null, (error) => error.message);

const actions = {
  create: ({ model, fields }) => models[model].create(fields),
  find: ({ model, filter }) => models[model].findOne(filter),
  update: ({ model, filter, set }) => models[model].findOneAndUpdate(filter, set, { new: true }),
  async save({ model, filter, set }) {
    const found = await models[model].findOne(filter);
    return found.set(set).save();
  },
  indexes: async () => ({
    User: await initialised(models.User),
    Order: await initialised(models.Order),
    Inventory: await initialised(models.Inventory),
  }),
  open: async ({ orderId }) => Boolean(opened.set(orderId, await processing.load(orderId))),
  complete: ({ orderId }) => processing.complete(opened.get(orderId)),
  sign: (wish) => services.sign(kind(wish.kind), wish.userId),
  verify: (wish) => services.verify(kind(wish.kind), wish.token),
  remember: ({ key, value }) => services.remember(key, value),
  recall: ({ key }) => services.recall(key),
  life: ({ key }) => cache.ttl(key),
  send: ({ message }) => services.send(message),
  receive: () => services.receive(1),
};

const app = express();
app.use(express.json());
app.post("/", async (req, res) => {
  try {
    res.json({ is: (await actions[req.body.do](req.body)) ?? null });
  } catch (error) {
    res.status(500).json({ error: error.message });
  }
});

const { HOST = "127.0.0.1", PORT = "3001" } = process.env;
connected.then(() => app.listen(Number(PORT), HOST, () => console.log("listening")));
