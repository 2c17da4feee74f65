// The real daemon and the simulated Graph on loopback, as an operator would have set them up.
"use strict";

const assert = require("node:assert/strict");
const { execFileSync, spawn } = require("node:child_process");
const { randomBytes } = require("node:crypto");
const fs = require("node:fs");
const http = require("node:http");
const net = require("node:net");
const path = require("node:path");
const readline = require("node:readline");

const program = process.env.PERENNIAL;
const premises = process.env.PREMISES;
const at = (name) => path.join(premises, name);
const VERIFY = "shibboleth";

const processes = [];

/** Ends what was started here, by its own id. */
async function leave() {
  for (const child of processes.splice(0)) {
    if (child.exitCode !== null) continue;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await ended;
  }
}

// Whatever ends this, nothing that it started stays.
process.on("exit", () => processes.forEach((child) => child.kill("SIGKILL")));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

/** The first line that `find` makes something of; the rest goes on unread, so that nobody waits for a full pipe. */
function lineOf(stream, find) {
  return new Promise((resolve, reject) => {
    const lines = readline.createInterface({ input: stream });
    const seen = [];
    lines.on("line", (line) => {
      if (seen.length < 200) seen.push(line);
      const found = find(line);
      if (found) resolve(found);
    });
    lines.on("close", () => reject(new Error(`it ended:\n${seen.join("\n")}`)));
  });
}

function start(...arguments_) {
  const child = spawn(program, arguments_, { stdio: ["ignore", "pipe", "pipe"] });
  processes.push(child);
  return child;
}

async function freePort() {
  const server = net.createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function secret(name, content) {
  fs.writeFileSync(at(name), content, { mode: 0o600 });
  return `{ file = "${at(name)}" }`;
}

/** Meta, in the time of this machine. */
async function openMeta() {
  const child = start("graph-sim", "--listen", "127.0.0.1:0", "--speed", "0");
  child.stderr.resume();
  const url = await lineOf(child.stdout, (line) => line.match(/http:\/\/\S+/)?.[0]);
  const order = async (method, what, body) => {
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch(`${url}/sim/${what}`, { method, headers, body: JSON.stringify(body) });
    const text = await answer.text();
    assert.equal(answer.status, 200, `${method} /sim/${what}: ${text}`);
    return JSON.parse(text);
  };
  const meta = {
    url,
    add: (what, body) => order("POST", what, body),
    happen: (what, body) => order("POST", "actions", { what, ...body }),
    clock: (body) => order("POST", "clock", body),
    token: async (kind, body) => (await order("POST", "tokens", { kind, ...body })).access_token,
  };
  await meta.clock({ now: new Date().toISOString(), speed: 1 });
  return meta;
}

/** `apps`: name, id, and lines of their own. */
function configure(meta, publicUrl, listen, apps) {
  const sections = apps.map(
    ({ name, id, more }) => `[[app]]
name = "${name}"
id = "${id}"
secret = ${secret(`${name}.secret`, `secret-of-${name}`)}
graph_url = "${meta.url}"
dialog_url = "${meta.url}"
calls_per_hour = 10000
${more}
`,
  );
  fs.mkdirSync(at("mail"));
  fs.writeFileSync(
    at("perennial.toml"),
    `timezone = "Europe/Berlin"
${sections.join("")}[inventory]
path = "${at("inventory.db")}"
key = ${secret("inventory.key", randomBytes(32).toString("base64"))}
[schedule]
sweep = "* * * * * *"
mail = "* * * * * *"
[alerts]
from = "Perennial <perennial@example.com>"
to = ["ops@example.com"]
company = "Acme GmbH"
contact = "help@acme.example"
directory = "${at("mail")}"
[status]
socket = "${at("perennial.sock")}"
[web]
listen = "${listen}"
public_url = "${publicUrl}"
webhook_verify_token = ${secret("verify", VERIFY)}
`,
  );
}

/** A request to the status socket, as any program could make it. */
function ask(method, url, body) {
  return new Promise((resolve, reject) => {
    const headers = { Host: "localhost", "Content-Type": "application/json" };
    const request = http.request({ socketPath: at("perennial.sock"), method, path: url, headers }, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("end", () => {
        const text = Buffer.concat(parts).toString();
        if (answer.statusCode >= 300) reject(new Error(`${method} ${url}: ${answer.statusCode} ${text}`));
        else resolve(text === "" ? null : JSON.parse(text));
      });
    });
    request.on("error", reject);
    request.end(body === undefined ? "" : JSON.stringify(body));
  });
}

/** Until the journal, from its beginning, has told of all of these. */
function journalTells(...words) {
  return new Promise((resolve, reject) => {
    const url = "/v1/events?after=0&follow=true";
    const request = http.get({ socketPath: at("perennial.sock"), path: url, headers: { Host: "localhost" } }, (answer) => {
      let rest = "";
      answer.setEncoding("utf8");
      answer.on("data", (text) => {
        const lines = (rest + text).split("\n");
        rest = lines.pop();
        const found = lines.find((line) => words.every((word) => line.includes(word)));
        if (found === undefined) return;
        resolve(JSON.parse(found));
        request.destroy();
      });
      answer.on("error", reject);
    });
    request.on("error", reject);
  });
}

/** The operator's command line; gives what it says. */
function command(arguments_, input) {
  const socket = ["--socket", at("perennial.sock")];
  return execFileSync(program, [...socket, ...arguments_], { input: input ?? "", encoding: "utf8" });
}

/** What hours would do to the inventory. */
function tamper(sql) {
  const script = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1], timeout=10); db.executescript(sys.argv[2])";
  execFileSync("python3", ["-c", script, at("inventory.db"), sql]);
}

/** The newest email to somebody; an email is in the folder when the journal says that it is sent. */
async function emailAbout(words) {
  await journalTells("email_sent", words);
  const script = `import glob, sys
from email import message_from_binary_file, policy
for path in sorted(glob.glob(sys.argv[1] + "/*.eml"), reverse=True):
    email = message_from_binary_file(open(path, "rb"), policy=policy.default)
    if sys.argv[2] in email["subject"]:
        print(email.get_body(("plain",)).get_content())
        break`;
  return execFileSync("python3", ["-c", script, at("mail"), words], { encoding: "utf8" });
}

async function openDaemon(meta, apps) {
  const listen = `127.0.0.1:${await freePort()}`;
  const publicUrl = `http://${listen}/perennial`;
  for (const { id, name, spec } of apps) {
    await meta.add("apps", {
      id,
      name,
      secret: `secret-of-${name}`,
      redirect_uris: [`${publicUrl}/login/callback`],
      webhook_url: `${publicUrl}/webhooks/${name}`,
      deauthorize_url: `${publicUrl}/webhooks/${name}/deauthorize`,
      data_deletion_url: `${publicUrl}/webhooks/${name}/data-deletion`,
      ...spec,
    });
  }
  configure(meta, publicUrl, listen, apps);
  const child = start("--config", at("perennial.toml"), "run");
  child.stdout.resume();
  await lineOf(child.stderr, (line) => line.includes("ready:"));
  return { socket: at("perennial.sock"), publicUrl, ask, command, journalTells, emailAbout, tamper };
}

module.exports = { openMeta, openDaemon, leave, VERIFY };
