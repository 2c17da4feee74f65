// Meta's own SDK for Node, on the app without proofs, for it does not sign by itself.
"use strict";

const assert = require("node:assert/strict");
const {
  Business, FacebookAdsApi, FacebookAdsApiBatch, Page, User,
} = require("facebook-nodejs-business-sdk");
const world = require("./simulator.js");

const { call, easy, graph, pages, person, strict } = world;

// The property that the SDK names for the address of the Graph.
Object.defineProperty(FacebookAdsApi, "GRAPH", { get: () => graph });

/** Without the crash reporter, which would write to Meta. */
const api = (token) => new FacebookAdsApi(token, "en_US", false);
const user = (token) => new User("me", {}, undefined, api(token));
const pageOf = (id, token) => new Page(id, {}, undefined, api(token));

async function refused(attempt) {
  const [outcome] = await Promise.allSettled([attempt]);
  assert.equal(outcome.status, "rejected", "the call was not refused");
  assert.equal(outcome.reason.name, "FacebookRequestError");
  return outcome.reason;
}

async function objects() {
  const ada = await world.longLived(easy);
  let bakery;
  await call("me", async () => {
    const me = await user(ada).get(["id", "name", "verified", "locale"]);
    assert.deepEqual(me.exportAllData(), person);
  });
  await call("fields of fields", async () => {
    const me = await user(ada).get(["accounts.limit(1){id,picture{url}}"]);
    assert.deepEqual(me.accounts.data.map((page) => page.id), pages.slice(0, 1));
  });
  await call("me/accounts to its end and back", async () => {
    const cursor = await user(ada).getAccounts(["name", "access_token"], { limit: 3, summary: true });
    assert.deepEqual([cursor.length, cursor.summary.total_count], [3, 7]);
    bakery = cursor[0].access_token;
    const found = cursor.map((page) => page.id);
    while (cursor.hasNext()) {
      await cursor.next();
      found.push(...cursor.map((page) => page.id));
      assert.equal(cursor.summary.total_count, 7);
    }
    assert.deepEqual([...found], pages);
    await cursor.previous();
    assert.deepEqual([...cursor.map((page) => page.id)], pages.slice(3, 6));
  });
  await call("page token by field", async () => {
    const page = await pageOf(pages[0], ada).get(["access_token"]);
    assert.equal(page.access_token, bakery);
    assert.equal((await user(bakery).get(["name"])).name, "Bakery");
  });
  await call("page token withheld", async () => {
    const page = await pageOf(world.clientPage, ada).get(["access_token"]);
    assert.deepEqual(page.exportAllData(), { id: world.clientPage });
  });
  await call("ids", async () => {
    const found = await Page.getByIds(pages.slice(0, 2), ["name"], {}, api(ada));
    assert.equal(found.length, 2);
  });
  await call("subscribed_apps", async () => {
    const page = pageOf(pages[0], bakery);
    await page.createSubscribedApp([], { subscribed_fields: ["feed", "messages"] });
    const [app] = await page.getSubscribedApps([]);
    assert.deepEqual([app.id, app._data.subscribed_fields], [easy.id, ["feed", "messages"]]);
    await page.deleteSubscribedApps();
    assert.equal((await page.getSubscribedApps([])).length, 0);
  });
  await call("permissions", async () => {
    const granted = await user(ada).getPermissions([]);
    const names = granted.map((one) => one._data.permission);
    assert.deepEqual([...names].sort(), [...world.scopes, "public_profile"].sort());
  });
  await call("businesses, owned_pages, client_pages", async () => {
    const token = await world.longLived(easy, [...world.scopes, "business_management"]);
    const [{ id }] = await user(token).getBusinesses(["name"]);
    const business = new Business(id, {}, undefined, api(token));
    const owned = await business.getOwnedPages(["id"]);
    assert.deepEqual([...owned.map((page) => page.id)], pages.slice(0, 1));
    const clients = await business.getClientPages(["id"]);
    assert.deepEqual([...clients.map((page) => page.id)], [world.clientPage]);
  });
  await call("error: a page has no accounts", async () => {
    const error = await refused(user(bakery).getAccounts(["id"]));
    assert.equal(error.response.code, 100);
    assert.match(error.message, /nonexisting field \(accounts\) on node type \(Page\)/);
  });
}

async function calls() {
  const ada = await world.longLived(easy);
  await call("debug_token", async () => {
    const error = await api(ada).getAppID().catch((refusal) => refusal.response.data.error);
    assert.equal(error.code, 100);
    const answer = await api(`${easy.id}|${easy.secret}`).getAppID();
    assert.equal(answer.data.data.app_id, easy.id);
  });
  await call("batch", async () => {
    const answers = [];
    const failures = [];
    const batch = new FacebookAdsApiBatch(api(ada), (one) => answers.push(one), (one) => failures.push(one));
    const add = (path, params) =>
      batch.add("GET", path, params, undefined, (one) => answers.push(one), (one) => failures.push(one));
    add(["me"], { fields: "name" });
    add(["me", "accounts"], { fields: "id", limit: 2 });
    add(["nobody"], {});
    assert.equal(await batch.execute(), null);
    assert.deepEqual([answers.length, failures.length], [2, 1]);
    assert.equal(answers[0].body.name, person.name);
    assert.equal(failures[0].error.response.error.code, 100);
  });
  await call("batch with an uncompleted member", async () => {
    await world.sim("POST", "faults", { fault: "null_member", endpoint: "me", times: 1 });
    const names = [];
    const batch = new FacebookAdsApiBatch(api(ada));
    batch.add("GET", ["me"], { fields: "name" }, undefined, (one) => names.push(one.body.name));
    const rest = await batch.execute();
    assert.deepEqual(names, []);
    assert.equal(await rest.execute(), null);
    assert.deepEqual(names, [person.name]);
  });
  await call("version and usage headers", async () => {
    const token = `${strict.id}|${strict.secret}`;
    const proof = world.proof(token, strict.secret);
    const shown = api(token).setShowHeader(true);
    const { headers } = await shown.call("GET", [strict.id], { appsecret_proof: proof });
    assert.equal(headers["facebook-api-version"], FacebookAdsApi.VERSION);
    assert.ok(JSON.parse(headers["x-app-usage"]).call_count >= 0);
  });
  await call("appsecret_proof required", async () => {
    const error = await refused(user(await world.longLived(strict)).get(["id"]));
    assert.equal(error.response.code, 100);
    assert.match(error.message, /require an appsecret_proof/);
  });
  await call("error: throttled, code 4, and lifted", async () => {
    await world.throttle(easy);
    const error = await refused(user(ada).get(["id"]));
    assert.deepEqual([error.status, error.response.code], [403, 4]);
    await world.sim("DELETE", `throttles?app=${easy.id}`);
    assert.equal((await user(ada).get(["id"])).id, person.id);
  });
  await call("error: expired token, 190/463", async () => {
    await world.advance("61d");
    const error = await refused(user(ada).get(["id"]));
    assert.deepEqual([error.response.code, error.response.error_subcode], [190, 463]);
    assert.match(error.headers["www-authenticate"], /"invalid_token"/);
  });
}

world.run(objects, calls);
