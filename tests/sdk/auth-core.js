// @auth/core in a web application of its own: its Facebook provider, with the library's own hook for calls. Its
// Instagram and Threads providers log in neither here nor at Meta: they insist on a `token_type` that neither sends.
"use strict";

const assert = require("node:assert/strict");
require("./hosts.js");
const world = require("./simulator.js");

const { call, easy, person, young } = world;
const origin = "http://app.example";
const secret = "a cookie's secret of enough characters";
let Auth;
let provider;

/** What the application's callbacks get to know, newest last. */
const accounts = [];
const failures = [];

/** A browser: it keeps cookies between its requests. */
class Browser {
  constructor(app, name = "facebook") {
    this.cookies = new Map();
    const clientId = app.id;
    const settings = { clientId, clientSecret: app.secret };
    this.config = {
      providers: [provider[name](settings)],
      secret,
      trustHost: true,
      basePath: "/auth",
      logger: { error: (error) => failures.push(error), warn() {}, debug() {} },
      callbacks: {
        jwt({ token, account, profile }) {
          if (account) accounts.push({ account, profile });
          return token;
        },
      },
    };
  }

  async open(path, init = {}) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { ...init.headers, cookie };
    const answer = await Auth(new Request(new URL(path, origin), { ...init, headers }), this.config);
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = line.match(/^([^=]+)=([^;]*)/);
      this.cookies.set(name, value);
    }
    return answer;
  }

  /** Where the library sends the browser that wants to log in. */
  async start(name = "facebook") {
    const { csrfToken } = await (await this.open("/auth/csrf")).json();
    const body = new URLSearchParams({ csrfToken });
    const answer = await this.open(`/auth/signin/${name}`, { method: "POST", body });
    assert.equal(answer.status, 302);
    return answer.headers.get("location");
  }

  async session() {
    return (await this.open("/auth/session")).json();
  }
}

async function accepted() {
  const browser = new Browser(easy);
  await call("login round trip", async () => {
    const back = await world.logIn(await browser.start());
    const answer = await browser.open(back);
    assert.equal(answer.status, 302, String(failures.at(-1)?.cause?.err));
    const { user } = await browser.session();
    assert.deepEqual([user.name, user.email], [person.name, `${person.id}@example.com`]);
    assert.match(user.image, /^https:/);
  });
  await call("token of the login", async () => {
    const { account, profile } = accounts.at(-1);
    assert.deepEqual([account.token_type, account.providerAccountId], ["bearer", person.id]);
    assert.ok(account.expires_in <= 2 * 3600);
    assert.equal(profile.picture.data.is_silhouette, true);
    const truth = await world.sim("GET", `tokens?token=${account.access_token}`);
    assert.deepEqual([truth.kind, truth.app, truth.alive], ["user", easy.id, true]);
  });
}

/** The name of the library's error after a login that ends at `back`. */
async function failure(browser, back) {
  failures.length = 0;
  const answer = await browser.open(back);
  assert.match(answer.headers.get("location"), /error/);
  assert.equal(await browser.session(), null);
  return failures.at(-1);
}

async function refused() {
  await call("cancelled login", async () => {
    const browser = new Browser(easy);
    const error = await failure(browser, await world.logIn(await browser.start(), "cancel"));
    assert.equal(error.name, "OAuthCallbackError");
  });
  await call("error: app in development, 901", async () => {
    const browser = new Browser(young);
    const error = await failure(browser, await world.logIn(await browser.start()));
    assert.equal(error.name, "CallbackRouteError");
  });
  await call("error: wrong client secret", async () => {
    const browser = new Browser({ ...easy, secret: "wrong" });
    const error = await failure(browser, await world.logIn(await browser.start()));
    assert.equal(error.name, "CallbackRouteError");
  });
  await call("error: throttled, code 4", async () => {
    await world.throttle(easy);
    const browser = new Browser(easy);
    const error = await failure(browser, await world.logIn(await browser.start()));
    assert.equal(error.name, "CallbackRouteError");
    await world.sim("DELETE", `throttles?app=${easy.id}`);
  });
  for (const [name, app] of [["instagram", world.gram], ["threads", world.thread]]) {
    await call(`${name} without token_type, as at Meta`, async () => {
      const browser = new Browser(app, name);
      const error = await failure(browser, await world.logIn(await browser.start(name)));
      assert.match(String(error.cause.err), /token_type/);
    });
  }
}

async function load() {
  ({ Auth } = await world.load("@auth/core/index.js"));
  provider = {};
  for (const name of ["facebook", "instagram", "threads"]) {
    provider[name] = (await world.load(`@auth/core/providers/${name}.js`)).default;
  }
}

world.run(load, accepted, refused);
