//! Scenarios: what happens to an operator, a page admin or a program.

#![expect(
    unreachable_pub,
    reason = "nothing is exported from here; pub marks what the stories use"
)]

mod answers;
mod calendar;
mod clock;
#[cfg(test)]
#[expect(dead_code, reason = "the tests of the engines use more of it")]
#[path = "../engines/cluster.rs"]
mod cluster;
mod commands;
mod corrections;
mod daemon;
mod database_server;
mod delivery;
mod delivery_incidents;
mod demo;
mod disasters;
mod doctor;
mod first_steps;
mod forecast;
mod heartbeat;
mod json;
mod lessons;
mod log;
mod logging;
mod login;
mod login_commands;
mod messenger;
mod metrics;
mod monitor;
mod nodes;
mod permissions;
mod platforms;
mod posts;
mod rotation;
mod servers;
mod setup;
mod summaries;
mod ui;
mod ui_behind_proxy;
mod upgrade;
mod verdicts;
mod versions;
mod web_pages;
mod webhooks;
mod whatsapp;
mod world;
mod year;
