// The connections of the Node deployment, from the settings that its README and code name.
const SES = require("aws-sdk/clients/ses");
const SQS = require("aws-sdk/clients/sqs");
const mongoose = require("mongoose");
const redis = require("redis");

const env = process.env;

// Version 2 of the SDK does not read AWS_ENDPOINT_URL by itself.
const aws = {
  region: env.AWS_REGION,
  accessKeyId: env.AWS_ACCESS_KEY_ID,
  secretAccessKey: env.AWS_SECRET_ACCESS_KEY,
  ...(env.AWS_ENDPOINT_URL && { endpoint: env.AWS_ENDPOINT_URL }),
};

const cache = redis.createClient({ url: env.REDIS_URI });
cache.on("error", (error) => console.error("redis:", error.message));

// Both wait until they are connected; requests and commands that come earlier are kept until then.
const connected = Promise.all([mongoose.connect(env.MONGO_URI), cache.connect()]);

module.exports = { cache, connected, sqs: new SQS(aws), ses: new SES(aws) };
