// Calls Meta with a token that Perennial keeps, and gets it again when Meta says that it is no longer valid.
//
// Usage: node client.mjs NAME    reads paths such as me?fields=name, one a line, and prints Meta's answers
import http from "node:http";
import readline from "node:readline";

const SOCKET = process.env.PERENNIAL_SOCKET ?? "/run/perennial/perennial.sock";
const GRAPH = process.env.GRAPH_URL ?? "https://graph.facebook.com/v25.0";
const NO_LONGER_VALID = 190;

function askPerennial(path) {
  return new Promise((resolve, reject) => {
    const request = http.get({ socketPath: SOCKET, path, timeout: 10_000 }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (part) => (text += part));
      answer.on("end", () => {
        const body = JSON.parse(text);
        if (answer.statusCode === 200) resolve(body);
        else reject(new Error(`Perennial: ${body.detail}`));
      });
    });
    request.on("timeout", () => request.destroy(new Error("Perennial does not answer")));
    request.on("error", reject);
  });
}

class Token {
  constructor(name) {
    this.path = `/v1/tokens/${encodeURIComponent(name)}/secret`;
  }

  async fetch() {
    const { version, access_token: secret } = await askPerennial(this.path);
    Object.assign(this, { version, secret });
  }

  /** Meta's answer. An invalid token is fetched again, once, and only a newer version is tried. */
  async call(path) {
    if (!this.secret) await this.fetch();
    const version = this.version;
    const answer = await this.tryCall(path);
    if (answer.error?.code !== NO_LONGER_VALID) return answer;
    await this.fetch();
    return this.version === version ? answer : this.tryCall(path);
  }

  async tryCall(path) {
    // In a header, because addresses end up in logs.
    const headers = { Authorization: `Bearer ${this.secret}` };
    const answer = await fetch(`${GRAPH}/${path}`, { headers, signal: AbortSignal.timeout(30_000) });
    return answer.json();
  }
}

const token = new Token(process.argv[2]);
for await (const line of readline.createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await token.call(line.trim())));
}
