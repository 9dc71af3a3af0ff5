// What the Node deployment does with cache, queue, mail and tokens.
const jwt = require("jsonwebtoken");
const { cache, ses, sqs } = require("./clients");

const QueueUrl = process.env.SQS_URL;
const ACCESS = { secret: () => process.env.JWT_SECRET, expiresIn: "1h" };
const REFRESH = { secret: () => process.env.JWT_REFRESH_SECRET, expiresIn: "7d" };

const sign = (kind, userId) => jwt.sign({ userId }, kind.secret(), { expiresIn: kind.expiresIn });
const verify = (kind, token) => jwt.verify(token, kind.secret());

const remember = (key, value, seconds = 600) => cache.setEx(key, seconds, JSON.stringify(value));
const recall = async (key) => JSON.parse((await cache.get(key)) ?? "null");

const send = (message) => sqs.sendMessage({ QueueUrl, MessageBody: JSON.stringify(message) }).promise();

// The body of one message, or null. It is never deleted, so that it comes again after 30 s.
async function receive(WaitTimeSeconds = 10) {
  const wish = { QueueUrl, WaitTimeSeconds, MaxNumberOfMessages: 1, VisibilityTimeout: 30 };
  const { Messages = [] } = await sqs.receiveMessage(wish).promise();
  return Messages.length ? JSON.parse(Messages[0].Body) : null;
}

function mail(address, orderId, items, status) {
  const text = `Your order ${orderId} has been ${status}.\nItems: ${JSON.stringify(items)}`;
  return ses
    .sendEmail({
      Source: process.env.SES_EMAIL,
      Destination: { ToAddresses: [address] },
      Message: { Subject: { Data: `Order ${orderId} Status Update` }, Body: { Text: { Data: text } } },
    })
    .promise();
}

module.exports = { ACCESS, REFRESH, mail, recall, receive, remember, send, sign, verify };
