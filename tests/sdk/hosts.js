// Sends what is meant for Meta to the simulator, as a line in the hosts file would: for clients with fixed addresses.
"use strict";

const http = require("node:http");
const https = require("node:https");

const simulator = new URL(process.env.GRAPH_SIM);
const isMeta = (host) => /\.(facebook|instagram)\.com$|\.threads\.(net|com)$/.test(host);

const fetched = globalThis.fetch;
globalThis.fetch = (asked, init) => {
  const url = new URL(asked.url ?? asked);
  if (!isMeta(url.hostname)) return fetched(asked, init);
  const at = new URL(`/${url.hostname}${url.pathname}${url.search}`, simulator);
  return fetched(asked instanceof Request ? new Request(at, asked) : at, init);
};

const requested = https.request;
https.request = (options, ...rest) => {
  const host = options.hostname ?? options.host;
  if (!isMeta(host)) return requested(options, ...rest);
  const { hostname, port } = simulator;
  const path = `/${host}${options.path ?? `${options.pathname}${options.search}`}`;
  const at = { hostname, host: hostname, port, path, protocol: "http:", agent: undefined };
  return http.request({ ...options, headers: options.headers, ...at }, ...rest);
};
