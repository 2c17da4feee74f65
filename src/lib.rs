//! Perennial keeps a company's Meta access tokens alive and tells the right person, early and
//! once, when only a human can help. The modules below stand in reading order, ground floor first;
//! each uses only what stands before it (`tests/house.rs` keeps these walls).

pub mod files;
pub mod http_client;
pub mod look;
pub mod secret;

pub mod model;

pub mod calendar;
pub mod graph_api;
pub mod inventory;

pub mod outbox;

pub mod email;

pub mod alerts;
pub mod delivery;
pub mod login;
pub mod posts;
pub mod rotation;
pub mod webhooks;

pub mod forecast;

pub mod http;

pub mod api;
pub mod web;

pub mod api_client;

pub mod ui;

pub mod config;

pub mod monitor;

pub mod doctor;

pub mod daemon;

pub mod setup;

pub mod graph_sim;

pub mod demo;

pub mod cli;
