// What a person lives through who gets an email, for each set-up that people have; and what may go wrong on the way.
"use strict";

const assert = require("node:assert/strict");
const { openMeta, openDaemon, leave, VERIFY } = require("./house.js");
const { overview, leave: leaveOverviews } = require("./overview.js");
const person = require("./person.js");

const DAY = 86_400_000;
const POSTING = ["pages_show_list", "pages_manage_posts"];
const CONNECTOR = ["email", "pages_messaging", "pages_show_list"];
const WHATSAPP = ["whatsapp_business_management", "whatsapp_business_messaging"];
const ADS = ["ads_read", "leads_retrieval", "pages_show_list"];

const scopes = (list) => `scopes = [${list.map((scope) => `"${scope}"`).join(", ")}]`;
const APPS = [
  { name: "posts", id: "1001", more: scopes(POSTING) },
  { name: "connector", id: "1002", more: scopes(CONNECTOR) },
  { name: "ads", id: "1003", more: scopes(ADS), spec: { long_lived: "never" } },
  {
    name: "business",
    id: "1004",
    more: 'login_config_id = "77"',
    spec: { configurations: { 77: CONNECTOR } },
  },
  {
    name: "robots",
    id: "1005",
    more: 'login_config_id = "78"',
    spec: { configurations: { 78: CONNECTOR }, code_gives: "system_user" },
  },
  { name: "whatsapp", id: "1006", more: scopes(WHATSAPP) },
];

let meta;
let daemon;
let browser;

async function family(name, ...pages) {
  const ids = [];
  for (const page of pages) ids.push((await meta.add("pages", { name: page })).id);
  const { id } = await meta.add("people", { name, pages: ids });
  return { id, name };
}

async function link(order) {
  const { url } = await daemon.ask("POST", "/v1/logins", order);
  assert.ok(url.startsWith(`${daemon.publicUrl}/login/`), url);
  return url;
}

const token = (name) => daemon.ask("GET", `/v1/tokens/${name}`);

/** Hours go by for every incident, so that the email need not gather any longer. */
const hoursGoBy = () =>
  daemon.tamper("UPDATE incident SET opened_at = opened_at - 7200, review_at = 0 WHERE resolved_at IS NULL");

/** Page posting: a short-lived token pasted in, its pages found; a changed password; the email; one click. */
async function pagePosting() {
  const { page } = browser;
  const maria = await family("Maria Schmidt", "Bäckerei Öl & Gas", "Café am Markt", "東京 Bakery");
  const pasted = await meta.token("short_lived", { app: "1001", person: maria.id, scopes: POSTING });
  daemon.command(["import", "--app", "posts", "--name", "posts-maria", "--owner", "maria@example.com", "--discover"], pasted);
  await daemon.journalTells("discovered", "東京");
  await daemon.ask("POST", "/v1/tokens/posts-maria/check");
  await daemon.journalTells('"checked"', "posts-maria");
  const { tokens } = await daemon.ask("GET", "/v1/tokens?parent=posts-maria");
  assert.equal(tokens.length, 3);
  for (const { name } of tokens) await daemon.ask("POST", `/v1/tokens/${name}/check`);
  for (const { name } of tokens) {
    await daemon.journalTells('"checked"', name);
    const { expires_at, scopes: held, state } = await token(name);
    assert.deepEqual([expires_at, state], [null, "healthy"], name);
    assert.ok(held.includes("pages_manage_posts"), name);
  }

  await meta.happen("change_password", { person: maria.id });
  await daemon.ask("POST", "/v1/tokens/posts-maria/check");
  await daemon.journalTells("incident_opened", "posts");
  hoursGoBy();
  const email = await daemon.emailAbout("Maria Schmidt");
  const [sent] = email.match(/http:\S+\/login\/\S+/);
  await person.follow(page, sent, "invitation");
  await person.introduce(page, maria.name);
  await person.answer(page);
  await person.says(page, /Thank you\. Everything works/);
  await person.shows(page, "Bäckerei Öl & Gas", "Café am Markt", "東京 Bakery");
  await person.picture(page, "everything-works");
  assert.equal((await token("posts-maria")).state, "healthy");
  await daemon.journalTells("incident_resolved", "posts");

  await page.goto(sent);
  await person.says(page, /Nothing left to do/);
  await person.picture(page, "nothing-left-to-do");
}

/** A connector: a declined scope is named, and asked for again. */
async function declinedAndAskedAgain() {
  const { page } = browser;
  const paul = await family("Paul Weber", "North Shop");
  const url = await link({ app: "connector" });
  const first = await person.follow(page, url, "invitation-for-anybody");
  assert.equal(first.searchParams.get("scope"), CONNECTOR.join(","));
  assert.equal(first.searchParams.get("auth_type"), null);
  await person.introduce(page, paul.name);
  await person.answer(page, { without: ["pages_messaging"] });
  await person.says(page, /something was left out/);
  await person.shows(page, "pages_messaging");
  await person.picture(page, "declined");

  const again = await person.press(page);
  assert.equal(again.searchParams.get("auth_type"), "rerequest");
  assert.notEqual(again.searchParams.get("state"), first.searchParams.get("state"), "a fresh state for each click");
  await person.introduce(page, paul.name);
  await person.answer(page);
  await person.says(page, /Everything works/);
  const held = await token("connector-paul-weber");
  assert.ok(held.scopes.includes("pages_messaging"), held.scopes.join());
}

/** Ads and leads: the 90 days of data access are over soon; one login begins another 90. */
async function dataAccessRenewed() {
  const { page } = browser;
  const olga = await family("Olga Ferreira", "Leads & More");
  const longAgo = new Date(Date.now() - 80 * DAY).toISOString();
  await meta.clock({ now: longAgo });
  const old = await meta.token("long_lived", { app: "1003", person: olga.id, scopes: ADS });
  await meta.clock({ now: new Date().toISOString() });
  daemon.command(["import", "--app", "ads", "--name", "ads-olga"], old);
  await daemon.journalTells("incident_opened", "data_access_expires_soon");
  const before = await token("ads-olga");
  assert.deepEqual([before.state, before.remedy], ["expiring", "reauthorize"]);

  const dialog = await person.follow(page, await link({ token: "ads-olga" }), "reauthorize");
  assert.equal(dialog.searchParams.get("auth_type"), "reauthorize");
  await person.introduce(page, olga.name);
  await person.answer(page);
  await person.says(page, /Everything works/);
  const after = await token("ads-olga");
  assert.ok(Date.parse(after.data_access_expires_at) > Date.now() + 85 * DAY, after.data_access_expires_at);
  for (const scope of ADS) assert.ok(after.scopes.includes(scope), scope);
}

/** WhatsApp: 60 days are nearly over; a code, an hour's token, and 60 days more. */
async function whatsappBeforeTheEnd() {
  const { page } = browser;
  const lena = await family("Lena Vogt");
  const longAgo = Date.now() - 55 * DAY;
  await meta.clock({ now: new Date(longAgo).toISOString() });
  const old = await meta.token("long_lived", { app: "1006", person: lena.id, scopes: WHATSAPP });
  await meta.clock({ now: new Date().toISOString() });
  daemon.command(["import", "--app", "whatsapp", "--name", "whatsapp-lena"], old);
  await daemon.journalTells("incident_opened", '"expires_soon"', "whatsapp");
  const before = await token("whatsapp-lena");
  assert.deepEqual([before.state, before.remedy], ["expiring", "login"]);

  await person.follow(page, await link({ token: "whatsapp-lena" }));
  await person.introduce(page, lena.name);
  await person.answer(page);
  await person.says(page, /Everything works/);
  const after = await token("whatsapp-lena");
  assert.equal(after.state, "healthy");
  assert.ok(Date.parse(after.expires_at) > Date.now() + 59 * DAY, after.expires_at);
  await daemon.journalTells("incident_resolved", "whatsapp");
}

/** Login for Business, with a person's token and with a system user's as the result. */
async function loginForBusiness() {
  const { page } = browser;
  const ida = await family("Ida Lund", "Harbour Inn");
  for (const [app, config, kind] of [
    ["business", "77", "user"],
    ["robots", "78", "system_user"],
  ]) {
    const dialog = await person.follow(page, await link({ app }));
    const asked = (name) => dialog.searchParams.get(name);
    assert.deepEqual([asked("config_id"), asked("override_default_response_type"), asked("scope")], [config, "true", null]);
    await person.introduce(page, ida.name);
    await person.answer(page);
    await person.says(page, /Everything works/);
    const { tokens } = await daemon.ask("GET", `/v1/tokens?app=${app}&kind=${kind}`);
    assert.deepEqual(tokens.map((one) => one.state), ["healthy"], app);
    if (kind === "system_user") assert.equal(tokens[0].expires_at, null);
  }
}

/** Somebody else logs in with the link; nothing is kept, and the right one is named. */
async function wrongPerson() {
  const { page } = browser;
  await family("Eve Mallory", "Elsewhere");
  const held = (await daemon.ask("GET", "/v1/tokens?app=connector")).tokens;
  assert.ok(held.length > 0);
  await person.follow(page, await link({ token: "connector-paul-weber" }));
  await person.introduce(page, "Eve Mallory");
  await person.answer(page);
  await person.says(page, /Please log in as Paul Weber/);
  await person.shows(page, "Eve Mallory");
  await person.picture(page, "wrong-person");
  const { tokens } = await daemon.ask("GET", "/v1/tokens?app=connector");
  const fingerprints = (all) => all.map((one) => one.fingerprint);
  assert.deepEqual(fingerprints(tokens), fingerprints(held), "nothing of Eve's is kept");
}

async function accessDenied() {
  const { page } = browser;
  await person.follow(page, await link({ token: "connector-paul-weber" }));
  await person.introduce(page, "Paul Weber");
  await person.answer(page, { cancel: true });
  await person.says(page, /Facebook did not give permission/);
  await person.shows(page, "You may not have done anything wrong");
  await person.picture(page, "access-denied");
}

/** An account that Meta has locked: the person passes the check, and has it checked at once. */
async function lockedAndCheckedAtOnce() {
  const { page } = browser;
  const nora = await family("Nora Brandt", "Book Corner");
  const held = await meta.token("long_lived", { app: "1002", person: nora.id, scopes: CONNECTOR });
  daemon.command(["import", "--app", "connector", "--name", "connector-nora", "--owner", "nora@example.com"], held);
  await daemon.ask("POST", "/v1/tokens/connector-nora/check");
  await daemon.journalTells('"checked"', "connector-nora");
  await meta.happen("checkpoint", { person: nora.id });
  await daemon.ask("POST", "/v1/tokens/connector-nora/check");
  await daemon.journalTells("incident_opened", '"checkpoint"');
  hoursGoBy();
  const email = await daemon.emailAbout("security check");
  const [sent] = email.match(/http:\S+\/login\/\S+/);
  await page.goto(sent);
  await person.says(page, /Complete Facebook's security check/);
  await person.picture(page, "check-now");
  daemon.tamper("UPDATE token_order SET ended_at = ended_at - 7200 WHERE ended_at IS NOT NULL");
  await page.locator("main button").click();
  await person.says(page, /Not working yet/);
  await person.picture(page, "not-working-yet");
  await meta.happen("clear_checkpoint", { person: nora.id });
  daemon.tamper("UPDATE token_order SET ended_at = ended_at - 120 WHERE ended_at IS NOT NULL");
  await page.locator("main button").click();
  await person.says(page, /Nothing left to do/);
  await person.picture(page, "works-after-the-check");
}

/** What else a person may come back to, whatever made it so; each is written over the result of the last login. */
async function everyOtherResult() {
  const { page } = browser;
  const { subject } = await token("connector-paul-weber");
  const granted = { outcome: "granted", person: subject.id, name: "Paul Weber", token: "connector-paul-weber" };
  const whole = { ...granted, declined: [], left_out: [], left_out_in_all: 0 };
  const failed = (why, code = null) => ({ outcome: "failed", why, code });
  const results = {
    "result-app-refused": [failed("app_refused", 1349220), /does not let people log in/],
    "result-too-long": [failed("code_expired"), /took a little too long/],
    "result-redirect-refused": [failed("redirect_refused", 191), /does not know this address/],
    "result-no-answer": [failed("lost"), /did not answer in time/],
    "result-unusable": [failed("unusable", 190), /did not confirm this login/],
    "result-pages-left-out": [
      { ...whole, left_out: ["North Shop", "Donaudampfschifffahrtsgesellschaftskapitänsmützenmanufaktur"], left_out_in_all: 7 },
      /something was left out/,
    ],
    "result-one-missing": [whole, /1 is still missing/],
  };
  const last = "WHERE id = (SELECT max(id) FROM login_attempt)";
  for (const [name, [ending, headline]] of Object.entries(results)) {
    daemon.tamper(`UPDATE login_attempt SET ending = '${JSON.stringify(ending)}' ${last}`);
    const missing = name === "result-one-missing";
    const lost = "name = 'connector-paul-weber'";
    if (missing) daemon.tamper(`UPDATE token SET state = 'dead', cause = 'page_role_lost', since = unixepoch() WHERE ${lost}`);
    await page.reload();
    await person.says(page, headline);
    const hopeless = /app-refused|redirect-refused/.test(name);
    assert.equal(await page.locator("main button").count(), hopeless ? 0 : 1, name);
    await person.picture(page, name);
    if (missing) daemon.tamper(`UPDATE token SET state = 'healthy', cause = NULL WHERE ${lost}`);
  }
  for (const [name, since, text] of [
    ["result-one-moment", "unixepoch()", "updates itself"],
    ["result-slow", "unixepoch() - 40", "is slow at the moment"],
  ]) {
    daemon.tamper(`UPDATE login_attempt SET phase = 'claimed', since = ${since} ${last}`);
    await page.reload();
    await person.says(page, /One moment/);
    await person.shows(page, text);
    await person.picture(page, name);
  }
  daemon.tamper(`UPDATE login_attempt SET phase = 'ended', since = unixepoch() ${last}`);
}

async function missingPermission() {
  const { page } = browser;
  const url = await link({ token: "connector-paul-weber" });
  daemon.tamper("UPDATE login SET remedy = 'grant_permissions' WHERE id = (SELECT max(id) FROM login)");
  await page.goto(url);
  await person.shows(page, "A permission is missing");
  assert.equal(await page.locator(".tick").count(), 0, "what is asked for is not done");
  await person.picture(page, "grant-permissions");
}

/** The short answers are pages, too: nothing here, too much at once, not now. */
async function shortAnswers() {
  const { page } = browser;
  await page.goto(`${daemon.publicUrl}/no/such/page`);
  await person.says(page, /There is nothing at this address/);
  await person.shows(page, "cut off");
  await person.picture(page, "not-found");

  daemon.tamper("ALTER TABLE calendar RENAME TO calendar_elsewhere");
  await page.goto(`${daemon.publicUrl}/calendar/AAAAAAAAAAAAAAAAAAAAAA.ics`);
  await person.says(page, /does not work at the moment/);
  await person.picture(page, "unavailable");
  daemon.tamper("ALTER TABLE calendar_elsewhere RENAME TO calendar");

  for (const [language, headline] of [["de", /Zu viele Aufrufe/], ["en", /Too many requests/]]) {
    const headers = { "Accept-Language": language, "X-Forwarded-For": "198.51.100.7" };
    const hammer = () => fetch(`${daemon.publicUrl}/login/x`, { headers });
    for (let n = 0; n < 80; n += 1) await hammer();
    await page.setExtraHTTPHeaders(headers);
    await page.goto(`${daemon.publicUrl}/login/never-sent`);
    await person.says(page, headline);
    await person.pictures(page, `too-many-${language}`);
  }
}

async function unknownLink() {
  const { page } = browser;
  await page.goto(`${daemon.publicUrl}/login/never-sent`);
  await person.says(page, /not known here/);
  await person.shows(page, "help@acme.example");
  await person.picture(page, "unknown-link");
}

async function expiredLink() {
  const { page } = browser;
  const url = await link({ token: "connector-paul-weber" });
  daemon.tamper("UPDATE login SET expires_at = unixepoch() - 1");
  await page.goto(url);
  await person.says(page, /This link is no longer valid/);
  assert.equal(await page.locator("button").count(), 0);
  await person.picture(page, "expired-link");
}

/** Back from Meta with what belongs to no click. */
async function foreignState() {
  const { page } = browser;
  await page.goto(`${daemon.publicUrl}/login/callback?code=abc&state=not-ours`);
  await person.says(page, /started too long ago/);
  await person.picture(page, "unknown-login");
}

async function handshake() {
  const shake = async (app, word) => {
    const query = new URLSearchParams({ "hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": word });
    const answer = await fetch(`${daemon.publicUrl}/webhooks/${app}?${query}`);
    return [answer.status, await answer.text()];
  };
  assert.deepEqual(await shake("posts", VERIFY), [200, "1158201444"]);
  assert.deepEqual(await shake("posts", "wrong"), [403, ""]);
  assert.deepEqual(await shake("nobody", VERIFY), [403, ""]);
}

/** Meta tells that somebody removed the app, and that somebody else wants to be forgotten. */
async function toldByMeta() {
  const { page } = browser;
  const { tokens: all } = await daemon.ask("GET", "/v1/tokens?app=business");
  const ida = all.find((one) => one.kind === "user");
  daemon.tamper("UPDATE schedule SET checked_at = checked_at - 3600");
  await meta.happen("remove_app", { person: ida.subject.id, app: "1004" });
  await daemon.journalTells("incident_opened", '"business"', "app_removed");

  const maria = (await token("posts-maria")).subject.id;
  await meta.happen("ask_deletion", { person: maria, app: "1001" });
  const { detail } = await daemon.journalTells("data_deleted");
  assert.equal(detail.tokens, 4);
  await page.goto(`${daemon.publicUrl}/data-deletion/${detail.code}`);
  await person.says(page, /Your data has been deleted/);
  await person.picture(page, "data-deleted");
  const { tokens } = await daemon.ask("GET", "/v1/tokens?app=posts");
  assert.deepEqual(tokens, []);
}

/** What `look` finds, as soon as it finds something. */
async function until(look) {
  for (let turns = 0; turns < 300; turns += 1) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`it did not come: ${look}`);
}

/** The operators' own pages, while a person must act: as root, as a viewer, as a stranger. */
async function operatorsOverview() {
  const nora = await family("Nora Lindqvist", "Harbour Books");
  const pasted = await meta.token("short_lived", { app: "1002", person: nora.id, scopes: CONNECTOR });
  daemon.command(["import", "--app", "connector", "--name", "nora", "--owner", "nora@example.com", "--discover"], pasted);
  await daemon.journalTells("discovered", "nora");
  await meta.happen("change_password", { person: nora.id });
  await daemon.ask("POST", "/v1/tokens/nora/check");
  await daemon.journalTells("incident_opened", '"connector"', "password_changed");
  // A page may open it, and the user token joins a moment later.
  const hers = async () => {
    const { incidents } = await daemon.ask("GET", "/v1/incidents");
    return incidents.find(({ tokens }) => tokens.includes("nora"));
  };
  const { id } = await until(hers);
  await overview(daemon.socket, { token: "nora", incident: id });
}

const STORIES = {
  "page posting: pasted, found, locked out, back by one click in the email": pagePosting,
  "connector: a declined permission is named and asked for again": declinedAndAskedAgain,
  "ads and leads: data access renewed before its 90 days are over": dataAccessRenewed,
  "whatsapp: one login before the 60 days are over gives 60 more": whatsappBeforeTheEnd,
  "login for business: a person's token, and a system user's": loginForBusiness,
  "the wrong person is told whose login is needed, and nothing is kept": wrongPerson,
  "who cancels is not blamed": accessDenied,
  "whatever comes of a login has a page": everyOtherResult,
  "a missing permission is asked for by name": missingPermission,
  "a locked account is checked at once when its person has passed the check": lockedAndCheckedAtOnce,
  "a link that is not known says whom to ask": unknownLink,
  "a link that is no longer valid says where another is": expiredLink,
  "what comes back with a foreign state changes nothing": foreignState,
  "nothing here, too much at once, and not now are pages, too": shortAnswers,
  "the handshake of webhooks": handshake,
  "a removed app is known at once, and who wants to be forgotten is": toldByMeta,
  "the overview: looked at, audited, and closed to everybody else": operatorsOverview,
};

/** What the person reads, and what the daemon wrote down last. */
async function whatWasThere() {
  const page = await browser.page.locator("body").innerText();
  const journal = daemon.command(["events"]).trimEnd().split("\n");
  return [browser.page.url(), page, ...journal.slice(-30)].join("\n");
}

async function main() {
  let failed = 0;
  try {
    meta = await openMeta();
    daemon = await openDaemon(meta, APPS);
    browser = await person.open();
    for (const [name, story] of Object.entries(STORIES)) {
      try {
        await story();
        assert.deepEqual(browser.forbidden.splice(0), []);
        console.log(`ok ${name}`);
      } catch (error) {
        failed += 1;
        console.log(`not ok ${name}: ${error.stack}\n${await whatWasThere().catch(String)}`);
        await browser.page.screenshot({ path: `${process.env.SCREENSHOTS}/failed-${failed}.png` }).catch(() => {});
      }
    }
  } finally {
    await browser?.close();
    leaveOverviews();
    await leave();
  }
  console.log(`${Object.keys(STORIES).length - failed} passed, ${failed} failed`);
  return failed === 0;
}

main().then(
  (passed) => process.exit(passed ? 0 : 1),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
