//! The binding: the only crate that knows JavaScript. `engine/index.ts` wraps it; its `Engine` interface is the contract.
//!
//! - [`engine::NativeEngine`] owns the runtime, one thread that sequences commits, installs and drops, two threads for
//!   queries, and one that encodes subscriptions.
//! - Everything asynchronous answers through one weak thread-safe function ([`dispatch`]), keyed by request id.
//! - An error crosses as the JSON of its SQLSTATE, message, detail and hint. A panic becomes an error.

mod bind;
mod changes;
mod constraints;
mod cursor;
mod decoder;
mod delivery;
mod dispatch;
mod encoding;
mod engine;
mod error;
mod error_log;
mod execution;
mod expression_key;
mod jobs;
pub mod kafka;
mod outlet;
mod read;
mod references;
pub mod socket;
mod subscriptions;
mod transaction;
mod write;
