// fbgraph, pointed at the simulator by its setGraphUrl; it signs calls once it is told the secret.
"use strict";

const assert = require("node:assert/strict");
const { promisify } = require("node:util");
const fb = require("fbgraph");
const world = require("./simulator.js");

const { call, easy, pages, person, strict } = world;
const callback = "https://app.example/callback";
const credentials = (app) => ({ client_id: app.id, client_secret: app.secret });

const get = promisify(fb.get.bind(fb));
const post = promisify(fb.post.bind(fb));
const del = promisify(fb.del.bind(fb));
const batch = promisify(fb.batch.bind(fb));
const authorize = promisify(fb.authorize.bind(fb));
const extend = promisify(fb.extendAccessToken.bind(fb));

/** The error that the library hands to its callback. */
async function refused(attempt) {
  const [outcome] = await Promise.allSettled([attempt]);
  assert.equal(outcome.status, "rejected", "the call was not refused");
  return outcome.reason;
}

/** The library signs a token as it stands in the address, so the bar must not be encoded. */
async function inspect(token, app = easy) {
  const at = `debug_token?input_token=${token}&access_token=${app.id}|${app.secret}`;
  return (await get(at)).data;
}

async function onTheEasyApp() {
  let code;
  let short;
  await call("client_credentials", async () => {
    const ask = { ...credentials(easy), grant_type: "client_credentials" };
    const answer = await get("oauth/access_token", ask);
    assert.equal((await inspect(answer.access_token)).type, "APP");
  });
  await call("login url and code", async () => {
    const scope = world.scopes.join(",");
    const url = fb.getOauthUrl({ client_id: easy.id, redirect_uri: callback, scope });
    code = new URL(await world.logIn(url)).searchParams.get("code");
    const answer = await authorize({ ...credentials(easy), redirect_uri: callback, code });
    short = answer.access_token;
    assert.equal(fb.getAccessToken(), short);
    assert.equal((await inspect(short)).user_id, person.id);
  });
  await call("error: code used twice, 100/36009", async () => {
    const again = authorize({ ...credentials(easy), redirect_uri: callback, code });
    const error = await refused(again);
    assert.deepEqual([error.code, error.error_subcode], [100, 36009]);
  });
  await call("long-lived exchange", async () => {
    const answer = await extend(credentials(easy));
    assert.equal(answer.expires_in, 60 * 86400);
    assert.equal(fb.getAccessToken(), answer.access_token);
    const { calls } = await world.sim("GET", "ledger");
    assert.deepEqual(calls.exchange, { calls: 1, errors: 0 });
  });
  await call("debug_token", async () => {
    const data = await inspect(fb.getAccessToken());
    assert.deepEqual([data.type, data.user_id, data.is_valid], ["USER", person.id, true]);
    assert.equal(data.expires_at - data.issued_at, 60 * 86400);
  });
  await call("me", async () => {
    const me = await get("me", { fields: "id,name,email" });
    assert.deepEqual(me, { ...person, email: `${person.id}@example.com` });
  });
  await call("me/accounts to its end", async () => {
    const found = [];
    for (let next = "me/accounts?limit=3"; next;) {
      const answer = await get(next);
      found.push(...answer.data.map((page) => page.id));
      next = answer.paging.next;
    }
    assert.deepEqual(found, pages);
  });
  await call("ids", async () => {
    const found = await get("", { ids: pages.slice(0, 2).join(","), fields: "name" });
    assert.deepEqual(Object.values(found).map((page) => page.name), ["Bakery", "Butchery"]);
  });
  await call("page token withheld", async () => {
    const page = await get(world.clientPage, { fields: "access_token" });
    assert.deepEqual(page, { id: world.clientPage });
  });
}

async function onTheStrictApp() {
  const ada = await world.longLived(strict);
  let bakery;
  fb.setAccessToken(ada).setAppSecret(strict.secret);

  await call("appsecret_proof", async () => {
    assert.equal((await get("me")).id, person.id);
  });
  await call("appsecret_proof required", async () => {
    fb.setAppSecret(null);
    const error = await refused(get("me"));
    fb.setAppSecret(strict.secret);
    assert.deepEqual([error.type, error.code], ["GraphMethodException", 100]);
  });
  await call("appsecret_proof checked", async () => {
    fb.setAppSecret("wrong");
    const error = await refused(get("me"));
    fb.setAppSecret(strict.secret);
    assert.match(error.message, /Invalid appsecret_proof/);
  });
  await call("page token by field", async () => {
    const page = await get(pages[0], { fields: "access_token" });
    bakery = page.access_token;
    assert.equal((await get("me", { access_token: bakery })).name, "Bakery");
  });
  await call("batch with mixed tokens", async () => {
    const signed = `access_token=${bakery}&appsecret_proof=${world.proof(bakery, strict.secret)}`;
    const answers = await batch([
      { method: "GET", relative_url: "me?fields=name" },
      { method: "GET", relative_url: `me?${signed}` },
      { method: "GET", relative_url: "nobody" },
    ]);
    assert.deepEqual(answers.map((answer) => answer.code), [200, 200, 400]);
    const names = answers.slice(0, 2).map((answer) => JSON.parse(answer.body).name);
    assert.deepEqual(names, [person.name, "Bakery"]);
  });
  await call("subscribed_apps", async () => {
    const at = `${pages[0]}/subscribed_apps?access_token=${bakery}`;
    await post(at, { subscribed_fields: "feed,messages" });
    assert.deepEqual((await get(at)).data[0].subscribed_fields, ["feed", "messages"]);
    await del(at);
    assert.deepEqual((await get(at)).data, []);
  });
  await call("permissions", async () => {
    const { data } = await get("me/permissions");
    const granted = data.map((one) => one.permission);
    assert.deepEqual(granted.sort(), [...world.scopes, "public_profile"].sort());
  });
  await call("delete one permission", async () => {
    assert.deepEqual(await del("me/permissions/email"), { success: true });
    const data = await inspect(ada, strict);
    assert.equal(data.is_valid, true);
    assert.ok(!data.scopes.includes("email"));
  });
  await call("revoke", async () => {
    const victim = await world.longLived(strict);
    const answer = await get("oauth/revoke", { ...credentials(strict), revoke_token: victim });
    assert.deepEqual(answer, { success: "true" });
    assert.equal((await inspect(victim, strict)).error.subcode, 466);
  });
  await call("error: expired token, 190/463", async () => {
    await world.advance("61d");
    const error = await refused(get("me"));
    assert.deepEqual([error.code, error.error_subcode], [190, 463]);
    const exchange = await refused(extend(credentials(strict)));
    assert.deepEqual([exchange.code, exchange.error_subcode], [190, 463]);
  });
  await call("delete all permissions, 190/458", async () => {
    fb.setAccessToken(await world.longLived(strict));
    assert.deepEqual(await del("me/permissions"), { success: true });
    const error = await refused(get("me"));
    assert.deepEqual([error.code, error.error_subcode], [190, 458]);
  });
  await call("error: throttled, code 4", async () => {
    await world.throttle(strict);
    const error = await refused(inspect(ada, strict));
    assert.deepEqual([error.code, error.is_transient], [4, true]);
  });
}

fb.setGraphUrl(world.graph);
world.run(onTheEasyApp, onTheStrictApp);
