//! What others who do this job got wrong, each as a story that fails when we do the same.

mod answering;
mod mending;
mod refusals;
mod renewing;
mod saving;
mod secrecy;
mod sweeping;
mod telling;
