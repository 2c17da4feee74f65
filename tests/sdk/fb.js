// fb, whose addresses are fixed; the library below it calls Node's https. It signs calls once it is told the secret.
"use strict";

const assert = require("node:assert/strict");
require("./hosts.js");
const { Facebook, FacebookApiException } = require("fb");
const world = require("./simulator.js");

const { call, easy, pages, person, strict } = world;
const redirectUri = "https://app.example/callback";
const credentials = (app) => ({ client_id: app.id, client_secret: app.secret });

const client = (app, more) => new Facebook({
  version: "v25.0", appId: app.id, redirectUri, Promise, ...more,
});

/** The library says what Meta answered in a property of its error. */
async function refused(attempt) {
  const [outcome] = await Promise.allSettled([attempt]);
  assert.equal(outcome.status, "rejected", "the call was not refused");
  assert.ok(outcome.reason instanceof FacebookApiException, String(outcome.reason));
  return outcome.reason.response.error;
}

async function onTheEasyApp() {
  const fb = client(easy);
  let code;
  let short;
  const redeem = () => fb.api("oauth/access_token",
    { ...credentials(easy), redirect_uri: redirectUri, code });
  const inspect = async (token) =>
    (await fb.api("debug_token", { input_token: token, access_token: `${easy.id}|${easy.secret}` })).data;

  await call("client_credentials", async () => {
    const ask = { ...credentials(easy), grant_type: "client_credentials" };
    const { access_token: token } = await fb.api("oauth/access_token", ask);
    assert.equal((await inspect(token)).type, "APP");
  });
  await call("login url and code", async () => {
    const url = fb.getLoginUrl({ scope: world.scopes.join(","), state: "s1", display: "popup" });
    const back = new URL(await world.logIn(url)).searchParams;
    assert.equal(back.get("state"), "s1");
    code = back.get("code");
    ({ access_token: short } = await redeem());
    assert.equal((await inspect(short)).user_id, person.id);
  });
  await call("error: code used twice, 100/36009", async () => {
    const error = await refused(redeem());
    assert.deepEqual([error.code, error.error_subcode], [100, 36009]);
  });
  await call("long-lived exchange", async () => {
    const grant = { grant_type: "fb_exchange_token", fb_exchange_token: short };
    const answer = await fb.api("oauth/access_token", { ...credentials(easy), ...grant });
    assert.equal(answer.expires_in, 60 * 86400);
    fb.setAccessToken(answer.access_token);
  });
  await call("fields as an array", async () => {
    const me = await fb.api("me", { fields: ["id", "name", "verified"] });
    assert.deepEqual(me, person);
  });
  await call("fields of fields", async () => {
    const fields = "picture.type(large){url},accounts.limit(2){id,picture{url}},permissions";
    const me = await fb.api("me", { fields });
    assert.match(me.picture.data.url, /height=200/);
    assert.deepEqual(me.accounts.data.map((page) => page.id), pages.slice(0, 2));
    assert.ok(me.accounts.data.every((page) => /^https:/.test(page.picture.data.url)));
    assert.equal(me.permissions.data.length, 4);
  });
  await call("me/accounts forth and back", async () => {
    const first = await fb.api("me/accounts", { fields: ["id"], limit: 3, summary: true });
    assert.deepEqual([first.data.length, first.summary.total_count], [3, 7]);
    const { after } = first.paging.cursors;
    const second = await fb.api("me/accounts", { fields: ["id"], limit: 3, after });
    assert.deepEqual(second.data.map((page) => page.id), pages.slice(3, 6));
    assert.match(second.paging.previous, /before=/);
    const { before } = second.paging.cursors;
    const again = await fb.api("me/accounts", { fields: ["id"], limit: 3, before, summary: true });
    assert.deepEqual(again, first);
  });
  await call("files in a form", async () => {
    const batch = [{ method: "GET", relative_url: "me?fields=name" }];
    const source = { value: Buffer.from("a picture"), options: { filename: "a.png" } };
    const [reply] = await fb.api("", "post", { batch, source });
    assert.equal(JSON.parse(reply.body).name, person.name);
  });
}

async function onTheStrictApp() {
  const token = await world.longLived(strict);
  const fb = client(strict, { accessToken: token, appSecret: strict.secret });

  await call("appsecret_proof", async () => {
    assert.equal((await fb.api("me")).id, person.id);
  });
  await call("appsecret_proof required", async () => {
    const error = await refused(client(strict, { accessToken: token }).api("me"));
    assert.deepEqual([error.type, error.code], ["GraphMethodException", 100]);
  });
  await call("page token by field", async () => {
    const page = await fb.api(pages[0], { fields: "access_token" });
    const bakery = fb.withAccessToken(page.access_token);
    assert.equal((await bakery.api("me")).name, "Bakery");
    const error = await refused(bakery.api("me/accounts"));
    assert.match(error.message, /nonexisting field \(accounts\) on node type \(Page\)/);
  });
  await call("batch with references", async () => {
    const batch = [
      { method: "GET", relative_url: "me/accounts?fields=id&limit=2", name: "pages" },
      { method: "GET", relative_url: "?ids={result=pages:$.data.*.id}&fields=name" },
    ];
    const [none, named] = await fb.api("", "post", { batch });
    assert.equal(none, null);
    const names = Object.values(JSON.parse(named.body)).map((page) => page.name);
    assert.deepEqual(names, ["Bakery", "Butchery"]);
  });
  await call("delete one permission", async () => {
    assert.deepEqual(await fb.api("me/permissions/email", "delete"), { success: true });
  });
  await call("put is refused", async () => {
    const error = await refused(fb.api(pages[0], "put", {}));
    assert.match(error.message, /^Unsupported put request/);
  });
  await call("another app's token, code 1", async () => {
    const grant = { grant_type: "fb_exchange_token", fb_exchange_token: token };
    const error = await refused(client(easy).api("oauth/access_token", { ...credentials(easy), ...grant }));
    assert.equal(error.code, 1);
  });
  await call("signed request", async () => {
    const { parseSignedRequest } = Facebook.prototype;
    // From facebook-rs' facebook-signed-request, made with the secret "key".
    const recorded = "Mf_s6nTb38UYqioBmPqu0Ewm9souPZB9I2fIGwV729U.eyJ1c2VyX2lkIjoiMCIsImFsZ29"
      + "yaXRobSI6IkhNQUMtU0hBMjU2IiwiaXNzdWVkX2F0IjoxNjI0MjQ0MTU2fQ";
    assert.equal(parseSignedRequest.call(fb, recorded, "key").user_id, "0");
  });
  await call("error: throttled, code 4, and lifted", async () => {
    await world.throttle(strict);
    assert.equal((await refused(fb.api("me"))).code, 4);
    await world.sim("DELETE", `throttles?app=${strict.id}`);
    assert.equal((await fb.api("me")).id, person.id);
  });
  await call("error: expired token, 190/463", async () => {
    await world.advance("61d");
    const error = await refused(fb.api("me"));
    assert.deepEqual([error.code, error.error_subcode], [190, 463]);
  });
}

world.run(onTheEasyApp, onTheStrictApp);
