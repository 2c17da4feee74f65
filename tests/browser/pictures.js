// The pictures of README.md: the demo in a terminal, an email, and the overview.
"use strict";

const { execFileSync, spawn } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const readline = require("node:readline");
const { chromium } = require("playwright-core");
const { openMeta, openDaemon, leave } = require("./house.js");
const person = require("./person.js");

const program = process.env.PERENNIAL;
const place = (name) => path.join(process.env.SCREENSHOTS, name);
const CONNECTOR = ["email", "pages_messaging", "pages_show_list"];

const LINES = 24;
const COLUMNS = 100;
const ROW = 20;

const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

/** What the demo prints, with the days that are of interest; a line that is too long ends with an ellipsis. */
function demo() {
  const printed = execFileSync(program, ["demo"], { encoding: "utf8", maxBuffer: 1 << 24 }).split("\n");
  const story = printed.filter((line) => /^day +\d|^ {31}/.test(line));
  const ends = printed.filter((line) => /^(Renewals by|\d+ days: |Every token)/.test(line));
  const begin = story.findIndex((line) => line.includes(" meta "));
  const shown = story.slice(begin, begin + LINES - 2 - ends.length);
  const lines = ["$ cargo run --release -- demo", ...shown, "…", ...ends];
  return lines.map((line) => (line.length > COLUMNS ? `${line.slice(0, COLUMNS - 1)}…` : line));
}

const tone = (line) => {
  if (/^day .{16} meta /.test(line)) return "world";
  if (/^day .{16} email /.test(line)) return "mail";
  return /^(day| {31}|…)/.test(line) ? "plain" : "strong";
};

/** A terminal in which the lines appear one after another, once. */
function recording(lines) {
  const rows = lines.map(
    (line, row) =>
      `<text class="${tone(line)}" x="20" y="${36 + row * ROW}" style="animation-delay:${(row * 0.25).toFixed(2)}s">${escaped(line)}</text>`,
  );
  const [width, height] = [860, 36 + lines.length * ROW];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="The demo in a terminal">
<style>rect{fill:#1b2028}text{font:14px ui-monospace,Menlo,Consolas,monospace;fill:#c9d1d9;white-space:pre;opacity:0;animation:show .1s forwards}
.strong{fill:#fff;font-weight:700}.world{fill:#f28b82}.mail{fill:#8ab6f9}
@keyframes show{to{opacity:1}}@media (prefers-reduced-motion:reduce){text{opacity:1;animation:none}}</style>
<rect width="${width}" height="${height}" rx="10"/>
${rows.join("\n")}
</svg>
`;
}

async function email(browser, config) {
  const folder = fs.mkdtempSync(path.join(process.env.PREMISES, "emails-"));
  execFileSync(program, ["--config", config, "check-config", "--emails", folder], { stdio: "ignore" });
  const page = await browser.newPage({ viewport: { width: 660, height: 620 }, colorScheme: "light" });
  await page.goto(`file://${folder}/login_link-en.html`);
  await page.screenshot({ path: place("email.png") });
}

async function family(meta, name, ...pages) {
  const ids = [];
  for (const page of pages) ids.push((await meta.add("pages", { name: page })).id);
  return (await meta.add("people", { name, pages: ids })).id;
}

/** Two people of whom one must act. */
async function overview(browser, meta, daemon) {
  for (const [name, login, pages] of [
    ["Nora Lindqvist", "acme-nora", ["Harbour Books", "Harbour Café", "Harbour Kids"]],
    ["Jo Tanaka", "acme-jo", ["Noodle Bar", "Tea House", "Corner Shop", "Garden Centre"]],
  ]) {
    const id = await family(meta, name, ...pages);
    const token = await meta.token("short_lived", { app: "1001", person: id, scopes: CONNECTOR });
    daemon.command(["import", "--app", "acme", "--name", login, "--discover"], token);
    await daemon.journalTells("discovered", login);
    await daemon.ask("POST", `/v1/tokens/${login}/check`);
    await daemon.journalTells('"checked"', login);
    if (login !== "acme-nora") continue;
    await meta.happen("change_password", { person: id });
    await daemon.ask("POST", `/v1/tokens/${login}/check`);
    await daemon.journalTells("incident_opened", "password_changed");
  }
  const ui = spawn(program, ["--socket", daemon.socket, "ui"], { stdio: ["ignore", "pipe", "ignore"] });
  const lines = readline.createInterface({ input: ui.stdout });
  const address = await new Promise((resolve) => lines.once("line", resolve));
  const page = await browser.newPage({ viewport: { width: 900, height: 560 }, colorScheme: "light" });
  await page.goto(address);
  await page.waitForURL(/\/$/);
  await page.screenshot({ path: place("overview.png") });
  ui.kill("SIGTERM");
}

async function main() {
  fs.writeFileSync(place("demo.svg"), recording(demo()));
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: person.ARGUMENTS });
  try {
    const meta = await openMeta();
    const scopes = `scopes = ${JSON.stringify(CONNECTOR)}`;
    const daemon = await openDaemon(meta, [{ name: "acme", id: "1001", more: scopes }]);
    await email(browser, path.join(process.env.PREMISES, "perennial.toml"));
    await overview(browser, meta, daemon);
  } finally {
    await browser.close();
    await leave();
  }
  for (const name of ["demo.svg", "email.png", "overview.png"]) {
    console.log(`docs/pictures/${name}: ${Math.ceil(fs.statSync(place(name)).size / 1024)} kB`);
  }
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
