// arctic, whose addresses are fixed; it calls fetch. It logs in and leaves the rest to the application.
"use strict";

const assert = require("node:assert/strict");
require("./hosts.js");
const world = require("./simulator.js");

const { call, easy, person } = world;
const callback = "https://app.example/callback";
let arctic;

async function login(app) {
  const facebook = new arctic.Facebook(app.id, app.secret, callback);
  const state = arctic.generateState();
  const url = facebook.createAuthorizationURL(state, ["email", "pages_show_list"]);
  const back = new URL(await world.logIn(url.href));
  assert.equal(back.searchParams.get("state"), state);
  return { facebook, code: back.searchParams.get("code") };
}

async function accepted() {
  let tokens;
  await call("login url and code", async () => {
    const { facebook, code } = await login(easy);
    tokens = await facebook.validateAuthorizationCode(code);
    assert.equal(tokens.tokenType(), "bearer");
    assert.ok(tokens.accessTokenExpiresInSeconds() <= 2 * 3600);
    assert.equal(tokens.hasRefreshToken(), false);
  });
  await call("token of the login", async () => {
    const authorization = `Bearer ${tokens.accessToken()}`;
    const at = "https://graph.facebook.com/me?fields=id,name,picture,email";
    const me = await (await fetch(at, { headers: { authorization } })).json();
    assert.deepEqual({ id: me.id, name: me.name }, person);
    assert.equal(me.email, `${person.id}@example.com`);
  });
}

/** Meta's errors are objects where RFC 6749 has a word, so the library passes them on as they are. */
async function refused() {
  await call("error: code used twice, 100/36009", async () => {
    const { facebook, code } = await login(easy);
    await facebook.validateAuthorizationCode(code);
    const again = await facebook.validateAuthorizationCode(code).catch((error) => error);
    assert.ok(again instanceof arctic.UnexpectedErrorResponseBodyError, String(again));
    const { error } = again.data;
    assert.deepEqual([error.code, error.error_subcode], [100, 36009]);
  });
  await call("error: wrong client secret", async () => {
    const { code } = await login(easy);
    const facebook = new arctic.Facebook(easy.id, "wrong", callback);
    const error = await facebook.validateAuthorizationCode(code).catch((wrong) => wrong);
    assert.match(error.data.error.message, /client secret/);
  });
}

async function load() {
  arctic = await world.load("arctic/dist/index.js");
}

world.run(load, accepted, refused);
