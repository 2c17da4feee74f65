//! Perennial keeps a company's Meta access tokens alive, and notifies the right person, early and once, when only a
//! person can help. The modules are in reading order, from the ground up; each uses only those above it in this list
//! (`tests/house.rs` checks that).
//!
//! # Glossary
//!
//! | word | meaning |
//! |---|---|
//! | app | a Meta app of the operator: id, secret, Graph version |
//! | token, kind | what Meta issued; user, page, system user or app, as Meta's debugger says |
//! | subject, person | the id that a token acts as; the person (or system user) who granted it |
//! | parent | the user token that a page token was derived from |
//! | expiry | when a token, or its access to data, ends: a time, never, or unknown |
//! | check | one `debug_token` call, and what was learned from it |
//! | rotate, renew | exchange a token, check the new one, swap it in; renewed only if the expiry moved |
//! | derive | read a page's token through its parent |
//! | candidate | a secret that waits to be checked and swapped in |
//! | version | one secret of a token; a token has a current and previous versions |
//! | state, cause, remedy | how a token is doing, why, and what fixes it |
//! | sweep | one pass over what is due in one app |
//! | schedule, lease | when each token is due; the claim of a sweep on the tokens that it works on |
//! | order | a check or rotation that someone asked for on the socket |
//! | back-off | the growing wait between retries |
//! | budget | how many calls an app may still make |
//! | incident | one cause that one person can fix; it opens, reminds and resolves |
//! | owner, operator, recipient | who answers for a token; who runs Perennial; who gets an email |
//! | login, ticket, attempt | what someone is asked to do; the secret in its link; one click on the link |
//! | event, journal | one thing that happened; all of them, in order |
//! | fingerprint | a short keyed hash, for people to compare secrets without seeing them |
//! | notice | what Meta's webhooks say about a person |
//! | run | one start of the daemon to its end |

pub mod secret;

pub mod model;

pub mod graph_api;
pub mod inventory;

pub mod email;

pub mod alerts;
pub mod login;
pub mod rotation;
pub mod webhooks;

pub mod http;

pub mod api;
pub mod web;

pub mod api_client;

pub mod config;

pub mod monitor;

pub mod daemon;

pub mod setup;

pub mod graph_sim;

pub mod demo;

pub mod cli;
