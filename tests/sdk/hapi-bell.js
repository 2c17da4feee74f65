// @hapi/bell in a web application of its own. Its addresses are fixed; it calls Node's https.
"use strict";

const assert = require("node:assert/strict");
require("./hosts.js");
const Bell = require("@hapi/bell");
const Hapi = require("@hapi/hapi");
const world = require("./simulator.js");

const { call, easy, person, strict } = world;

/** A web application with "log in with Facebook" for one app. */
async function serve(app) {
  const server = Hapi.server({ host: "127.0.0.1", port: 0 });
  await server.register(Bell);
  server.auth.strategy("facebook", "bell", {
    provider: "facebook",
    password: "a cookie's secret of enough characters",
    clientId: app.id,
    clientSecret: app.secret,
    isSecure: false,
    scope: ["email", "pages_show_list"],
    location: () => `${server.info.uri}/login`,
  });
  server.route({
    method: "GET",
    path: "/login",
    options: { auth: { strategy: "facebook", mode: "try" } },
    handler: ({ auth }) => ({
      ok: auth.isAuthenticated, ...auth.credentials, reason: auth.error?.message,
    }),
  });
  await server.start();
  return server;
}

/** A browser that goes to log in and comes back; it keeps the application's cookie. */
async function visit(server, press) {
  const start = await fetch(`${server.info.uri}/login`, { redirect: "manual" });
  assert.equal(start.status, 302);
  const cookie = start.headers.getSetCookie().map((one) => one.split(";")[0]).join("; ");
  const back = await world.logIn(start.headers.get("location"), press);
  return { answer: await (await fetch(back, { headers: { cookie } })).json(), back };
}

async function accepted() {
  for (const [words, app] of [["", easy], [", appsecret_proof required", strict]]) {
    const server = await serve(app);
    await call(`login round trip${words}`, async () => {
      const { answer } = await visit(server);
      assert.ok(answer.ok, answer.reason);
      const { id, displayName, name, email, raw } = answer.profile;
      assert.deepEqual({ id, name: displayName }, person);
      assert.deepEqual(name, { first: "Ada", middle: "Maria", last: "Example" });
      assert.equal(email, `${person.id}@example.com`);
      assert.equal(raw.verified, undefined);
      assert.ok(answer.expiresIn <= 2 * 3600);
      const truth = await world.sim("GET", `tokens?token=${answer.token}`);
      assert.deepEqual([truth.app, truth.alive], [app.id, true]);
    });
    await server.stop();
  }
}

async function refused() {
  const server = await serve(easy);
  await call("cancelled login", async () => {
    const { answer, back } = await visit(server, "cancel");
    assert.equal(new URL(back).searchParams.get("error_reason"), "user_denied");
    assert.deepEqual([answer.ok, answer.reason], [false, "App rejected: Permissions error"]);
  });
  await call("state of another browser is refused", async () => {
    const { back } = await visit(server);
    const page = await (await fetch(`${back.split("#")[0]}&refresh=1`)).json();
    assert.match(page.reason, /Missing facebook request token cookie/);
  });
  await server.stop();
  const wrong = await serve({ ...easy, secret: "wrong" });
  await call("error: wrong client secret", async () => {
    const { answer } = await visit(wrong);
    assert.deepEqual([answer.ok, answer.reason], [false, "Failed obtaining facebook access token"]);
  });
  await wrong.stop();
}

world.run(accepted, refused);
