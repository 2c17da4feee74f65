// Says which of some secrets verify a message, each alone: a line of JSON for every message that arrives.
// Usage: node verify.js SECRET-FILE...
"use strict";

const fs = require("node:fs");
const http = require("node:http");
const { Webhook } = require("standardwebhooks");

const webhooks = process.argv.slice(2).map((file) => new Webhook(fs.readFileSync(file, "utf8").trim()));

function verifies(webhook, body, headers) {
  try {
    webhook.verify(body, headers);
    return true;
  } catch {
    return false;
  }
}

const server = http.createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString();
  const verified = webhooks.map((webhook) => verifies(webhook, body, request.headers));
  console.log(JSON.stringify({ type: JSON.parse(body).type, verified }));
  response.writeHead(204).end();
});
server.listen(0, "127.0.0.1", () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
