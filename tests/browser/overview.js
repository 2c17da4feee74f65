// The overview in a real browser: as root, as a viewer and as a stranger; each page looked at, and audited by axe.
"use strict";

const assert = require("node:assert/strict");
const { execFileSync, spawn } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const readline = require("node:readline");
const axe = require("axe-core");
const { chromium } = require("playwright-core");
const person = require("./person.js");

const program = process.env.PERENNIAL;
const NOBODY = 65534;
const started = [];

process.on("exit", () => started.forEach((child) => child.kill("SIGKILL")));

/** `perennial ui` of this user, and of the group with the same number; gives the address that it prints. */
async function start(socket, id) {
  // Without a group of its own it would stay in that of root, to whom the mode of a folder may give less than to all
  // others.
  const options = { stdio: ["ignore", "pipe", "inherit"], uid: id, gid: id };
  const child = spawn(program, ["--socket", socket, "ui"], options);
  started.push(child);
  const lines = readline.createInterface({ input: child.stdout });
  const [address] = await new Promise((resolve, reject) => {
    lines.once("line", (line) => resolve([line]));
    lines.once("close", () => reject(new Error("perennial ui ended")));
  });
  return address;
}

/** Opens the one-time address, and comes to the first page by itself, without JavaScript. */
async function enter(page, address) {
  await page.goto(address);
  const base = address.replace(/\/open\/.*/, "");
  await page.waitForURL(`${base}/`);
  return base;
}

/** What axe finds on the page, in a window of its own: axe needs JavaScript, which the page neither has nor needs. */
async function audit(page, browser, name) {
  const cookies = await page.context().cookies();
  for (const [width, height] of [[360, 740], [1280, 800]]) {
    for (const colorScheme of ["light", "dark"]) {
      const context = await browser.newContext({ viewport: { width, height }, colorScheme, bypassCSP: true });
      await context.addCookies(cookies);
      const other = await context.newPage();
      await other.goto(page.url());
      await other.evaluate(axe.source);
      const { violations, passes } = await other.evaluate(() => globalThis.axe.run());
      const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join("\n  ")}`);
      assert.deepEqual(found, [], `${name}, ${width} px, ${colorScheme}`);
      assert.ok(passes.length > 10, `axe looked at nothing of ${name}`);
      const room = await other.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(room[0] <= room[1], `${name} is wider than ${width} px: ${room}`);
      await context.close();
    }
  }
}

/** The pages by the names of their pictures. `token` is one that a person must act for. */
const pagesOf = (token, incident) => ({
  act: "/",
  tokens: "/tokens",
  "tokens-none": "/tokens?prefix=nothing-begins-like-this",
  token: `/token/${token}`,
  incidents: "/incidents?state=all",
  forecast: "/forecast",
  system: "/system",
  check: `/token/${token}/check`,
  acknowledge: `/incident/${incident}/acknowledge`,
  login: `/login?token=${token}`,
  failure: "/token/nobody",
});

/** Pages that ask before an order is given, which are for operators alone. */
const CONFIRMATIONS = ["check", "acknowledge", "login"];

const operatorGets = (name) => (name === "failure" ? 404 : 200);
const viewerGets = (name) => (CONFIRMATIONS.includes(name) ? 403 : operatorGets(name));

/** `gets` is the status that each page must have. */
async function lookAtAll(browser, page, base, paths, who, gets) {
  for (const [name, path] of Object.entries(paths)) {
    const answer = await page.goto(base + path);
    assert.equal(answer.status(), gets(name), `${who} at ${name}: ${await page.textContent("main")}`);
    const size = (await answer.body()).length;
    assert.ok(size <= 50_000, `${name} has ${size} bytes`);
    await person.pictures(page, `overview-${who}-${name}`);
    await audit(page, browser, name);
  }
}

/** What other sites and other users of the machine get. */
async function strangers(browser, base) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const answer = await page.goto(`${base}/`);
  assert.equal(answer.status(), 403);
  assert.equal((await page.goto(new URL(base).origin)).status(), 403);
  await context.close();
}

/** A page of another site that sends the form of ours, with the cookie of the user. */
async function forgery(page, base, token) {
  const before = await page.goto(`${base}/token/${token}/check`);
  assert.equal(before.status(), 200);
  const action = `${base}/token/${token}/check`;
  await page.route("http://evil.example/", (route) =>
    route.fulfill({ contentType: "text/html", body: `<form method=post action="${action}"><button>Win</button></form>` }),
  );
  await page.goto("http://evil.example/");
  const answered = page.waitForResponse(action);
  await page.getByRole("button").click();
  assert.equal((await answered).status(), 403);
}

async function order(page, base, token) {
  await page.goto(`${base}/token/${token}`);
  await page.getByRole("link", { name: "Check", exact: true }).click();
  await page.getByRole("button", { name: "Check now" }).click();
  await page.getByText("A check is ordered.").waitFor();
  // The first stop of the keyboard leads past the menu.
  await page.keyboard.press("Tab");
  const focused = await page.evaluate(() => document.activeElement.textContent);
  assert.equal(focused, "Skip to the content");
}

/** `daemon` has a token for which a person must act, and its incident. */
async function overview(socket, { token, incident }) {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: person.ARGUMENTS });
  try {
    await operator(socket, browser, token, incident);
    if (process.getuid() === 0) await viewer(socket, browser, token, incident);
  } finally {
    await browser.close();
  }
}

async function operator(socket, browser, token, incident) {
  const root = await person.open();
  const address = await start(socket);
  const base = await enter(root.page, address);
  await lookAtAll(browser, root.page, base, pagesOf(token, incident), "root", operatorGets);
  await strangers(browser, base);
  await forgery(root.page, base, token);
  await order(root.page, base, token);
  await root.page.goto(`${base}/login?token=${token}`);
  await root.page.getByRole("button", { name: "Make a login link" }).click();
  await root.page.getByLabel("The link").waitFor();
  await person.pictures(root.page, "overview-root-link");
  await audit(root.page, browser, "link");
  assert.equal((await root.page.goto(address)).status(), 403, "the address works twice");
  assert.deepEqual(root.forbidden, []);
  await root.close();
}

async function viewer(socket, browser, token, incident) {
  // The viewer is nobody in particular, and must get to the socket.
  for (let folder = path.dirname(socket); folder !== path.dirname(folder); folder = path.dirname(folder)) {
    execFileSync("chmod", ["o+x", folder]);
  }
  fs.chmodSync(socket, 0o666);
  const { page, close } = await person.open();
  const base = await enter(page, await start(socket, NOBODY));
  await lookAtAll(browser, page, base, pagesOf(token, incident), "viewer", viewerGets);
  assert.equal((await page.goto(`${base}/token/${token}`)).status(), 200);
  assert.equal(await page.getByRole("link", { name: "Check", exact: true }).count(), 0);
  assert.equal((await page.goto(`${base}/token/${token}/check`)).status(), 403);
  await close();
}

/** Ends what was started here, by its own id. */
function leave() {
  for (const child of started.splice(0)) child.kill("SIGTERM");
}

module.exports = { overview, leave };
