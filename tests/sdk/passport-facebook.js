// passport-facebook in a web application of its own, pointed at the simulator by its three addresses.
"use strict";

const assert = require("node:assert/strict");
const { promisify } = require("node:util");
const express = require("express");
const session = require("express-session");
const { Passport } = require("passport");
const FacebookStrategy = require("passport-facebook");
const world = require("./simulator.js");

const { call, easy, graph, person, strict, young } = world;

/** The tokens that logins have brought, newest last. */
const brought = [];

function strategy(app, origin, settings) {
  return new FacebookStrategy({
    clientID: app.id,
    clientSecret: app.secret,
    callbackURL: `${origin}/${app.id}/callback`,
    authorizationURL: `${graph}/v25.0/dialog/oauth`,
    tokenURL: `${graph}/v25.0/oauth/access_token`,
    profileURL: `${graph}/v25.0/me`,
    profileFields: ["id", "displayName", "name", "emails", "photos", "gender", "profileUrl"],
    enableProof: true,
    state: true,
    ...settings,
  }, (accessToken, refreshToken, profile, done) => {
    brought.push(accessToken);
    done(null, profile);
  });
}

/** A web application with "log in with Facebook" for each app. */
async function serve(apps, settings = {}) {
  const web = express();
  const passport = new Passport();
  const secret = "a cookie's secret";
  web.use(session({ secret, resave: false, saveUninitialized: false }));
  const server = web.listen(0, "127.0.0.1");
  await new Promise((ready) => { server.once("listening", ready); });
  const origin = `http://127.0.0.1:${server.address().port}`;
  for (const app of apps) {
    passport.use(app.id, strategy(app, origin, settings));
    const scope = ["email", "pages_show_list"];
    web.get(`/${app.id}/login`, passport.authenticate(app.id, { scope, authType: "rerequest" }));
    web.get(`/${app.id}/callback`, passport.authenticate(app.id, { session: false }),
      (request, response) => response.json(request.user));
  }
  // Express knows an error handler by its four arguments.
  web.use((error, request, response, next) => {
    const { name, message, code, subcode, type } = error;
    response.status(500).json({ name, message, code, subcode, type });
  });
  return { origin, close: () => server.close() };
}

/** A browser that goes to log in and comes back; it keeps the application's cookie. */
async function visit({ origin }, app, press) {
  const start = await fetch(`${origin}/${app.id}/login`, { redirect: "manual" });
  assert.equal(start.status, 302);
  const cookie = start.headers.getSetCookie().map((one) => one.split(";")[0]).join("; ");
  const back = await world.logIn(start.headers.get("location"), press);
  return { answer: await fetch(back, { headers: { cookie } }), back };
}

async function accepted() {
  const web = await serve([easy, strict]);
  await call("login round trip", async () => {
    const { answer } = await visit(web, easy);
    assert.equal(answer.status, 200);
    const { id, displayName, name, emails, photos, gender } = await answer.json();
    assert.deepEqual({ id, name: displayName }, person);
    const { givenName, middleName, familyName } = name;
    assert.deepEqual([givenName, middleName, familyName], ["Ada", "Maria", "Example"]);
    assert.deepEqual(emails, [{ value: `${person.id}@example.com` }]);
    assert.match(photos[0].value, /^https:/);
    assert.equal(gender, undefined);
  });
  await call("login round trip, appsecret_proof required", async () => {
    const { answer } = await visit(web, strict);
    assert.equal((await answer.json()).id, person.id);
  });
  await call("token of the login", async () => {
    const truth = await world.sim("GET", `tokens?token=${brought.at(-1)}`);
    assert.deepEqual([truth.kind, truth.app, truth.alive], ["user", strict.id, true]);
    const { calls } = await world.sim("GET", "ledger");
    assert.deepEqual(calls.code_exchange, { calls: 2, errors: 0 });
  });
  await call("state of another browser is refused", async () => {
    const { back } = await visit(web, easy);
    assert.equal((await fetch(back)).status, 403);
  });
  web.close();
}

async function refused() {
  const web = await serve([easy, strict, young], { enableProof: false, state: false });
  await call("cancelled login", async () => {
    const { answer, back } = await visit(web, easy, "cancel");
    assert.equal(new URL(back).searchParams.get("error_reason"), "user_denied");
    assert.equal(answer.status, 401);
  });
  await call("error: FacebookAuthorizationError, 901", async () => {
    const { answer } = await visit(web, young);
    const error = await answer.json();
    assert.deepEqual([error.name, error.code], ["FacebookAuthorizationError", 901]);
  });
  await call("error: FacebookTokenError, code used twice, 100/36009", async () => {
    const { back } = await visit(web, easy);
    const error = await (await fetch(back)).json();
    assert.deepEqual([error.name, error.code, error.subcode], ["FacebookTokenError", 100, 36009]);
  });
  await call("error: FacebookGraphAPIError, appsecret_proof required", async () => {
    const { answer } = await visit(web, strict);
    const error = await answer.json();
    assert.deepEqual([error.name, error.type, error.code],
      ["FacebookGraphAPIError", "GraphMethodException", 100]);
  });
  await call("error: FacebookGraphAPIError, expired token, 190/463", async () => {
    const late = await world.longLived(easy);
    await world.advance("61d");
    const facebook = strategy(easy, web.origin, {});
    const profile = promisify(facebook.userProfile.bind(facebook));
    const expected = { name: "FacebookGraphAPIError", code: 190, subcode: 463 };
    await assert.rejects(profile(late), expected);
  });
  await call("error: FacebookTokenError, throttled, code 4", async () => {
    await world.throttle(easy);
    const { answer } = await visit(web, easy);
    const error = await answer.json();
    assert.deepEqual([error.name, error.code], ["FacebookTokenError", 4]);
  });
  web.close();
}

world.run(accepted, refused);
