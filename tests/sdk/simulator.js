// Drives the simulated Graph, plays the person at the login dialog, and tells what came of each call.
"use strict";

const assert = require("node:assert/strict");
const { createHmac } = require("node:crypto");
const path = require("node:path");
const { pathToFileURL } = require("node:url");

const graph = process.env.GRAPH_SIM;
const client = path.basename(process.argv[1], ".js");

const world = {
  graph,
  easy: { id: "1000", secret: "easy-secret" },
  strict: { id: "1001", secret: "strict-secret" },
  young: { id: "1002", secret: "young-secret" },
  gram: { id: "1010", secret: "gram-secret" },
  thread: { id: "1011", secret: "thread-secret" },
  person: { id: "3000", name: "Ada Maria Example" },
  pages: ["2001", "2002", "2003", "2004", "2005", "2006", "2007"],
  clientPage: "2008",
  scopes: ["email", "pages_show_list", "pages_manage_metadata"],
};

/** One line for one call: accepted, or why not. */
async function call(name, attempt) {
  try {
    await attempt();
    console.log(`ok ${client} ${name}`);
  } catch (error) {
    const reason = `${error.name}: ${error.message}`.replace(/\s+/g, " ");
    console.log(`not ok ${client} ${name}: ${reason.slice(0, 300)}`);
  }
}

/** A client that never answers lets Node end early; that is no success. */
async function run(...parts) {
  process.exitCode = 1;
  for (const part of parts) await part();
  process.exitCode = 0;
}

/** Gives the simulator an order through its control interface. */
async function sim(method, at, order) {
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(`${graph}/sim/${at}`, { method, headers, body: JSON.stringify(order) });
  assert.equal(answer.status, 200, `${method} /sim/${at}`);
  return answer.json();
}

async function token(kind, order) {
  const { access_token: made } = await sim("POST", "tokens", { kind, ...order });
  return made;
}

const longLived = (app, scopes = world.scopes) =>
  token("long_lived", { app: app.id, person: world.person.id, scopes });
const advance = (time) => sim("POST", "clock", { advance: time });
const throttle = (app) =>
  sim("POST", "throttles", { app: app.id, limit: "app", until: "2099-01-01T00:00:00Z" });

function proof(accessToken, secret) {
  return createHmac("sha256", secret).update(accessToken).digest("hex");
}

const unescaped = (text) => text.replace(/&#x([0-9a-f]+);/gi, (_, hex) => String.fromCodePoint(`0x${hex}`))
  .replace(/&quot;/g, '"').replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");

/** The fields that a browser would send. */
function fields(page) {
  const inputs = [...page.matchAll(/<input ([^>]*)>/g)].map(([, attributes]) => attributes);
  const sent = inputs.filter((input) => !/ disabled/.test(input)
    && (/type="hidden"/.test(input) || / checked/.test(input)));
  return new URLSearchParams(sent.map((input) => {
    const [, name] = input.match(/name="([^"]*)"/);
    const [, value] = input.match(/value="([^"]*)"/);
    return [unescaped(name), unescaped(value)];
  }));
}

/** Where the dialog sends the person who presses the button. */
async function logIn(dialog, press = "allow") {
  const first = new URL(dialog.replace(/^https:\/\/(?=[^/]*(facebook|instagram|threads)\.)/, `${graph}/`));
  const who = await (await fetch(first)).text();
  assert.match(who, /<form method="get">/);
  const second = new URL(`?${fields(who)}`, first);
  const what = await (await fetch(second)).text();
  assert.match(what, /<form method="post">/);
  const answer = fields(what);
  answer.append("answer", press);
  const redirect = await fetch(second, { method: "POST", body: answer, redirect: "manual" });
  assert.equal(redirect.status, 302);
  return redirect.headers.get("location");
}

/** Imports a module of the kind that `require` does not find, by its file. */
const load = (file) => import(pathToFileURL(path.join(process.env.NODE_PATH, file)));

module.exports = {
  ...world, advance, call, load, logIn, longLived, proof, run, sim, throttle,
};
