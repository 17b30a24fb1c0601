//! How much the state of a dataflow takes, on all workers.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Bytes that arrangements and tables of groups hold, about: of keys and values, and what goes with them. Cheap to clone; all
/// clones are one meter.
#[derive(Clone, Default)]
pub struct Meter(Arc<AtomicI64>);

impl Meter {
    /// The bytes, as they were when each of them last changed.
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed).max(0) as u64
    }
}

/// The part of one arrangement or table in a [`Meter`]; given back when it goes.
pub struct Gauge {
    meter: Meter,
    shown: usize,
}

impl Gauge {
    /// Of something that takes nothing yet.
    pub fn of(meter: &Meter) -> Self {
        Gauge { meter: meter.clone(), shown: 0 }
    }

    /// What it takes now.
    pub fn show(&mut self, bytes: usize) {
        if bytes != self.shown {
            self.meter.0.fetch_add(bytes as i64 - self.shown as i64, Ordering::Relaxed);
            self.shown = bytes;
        }
    }
}

impl Drop for Gauge {
    fn drop(&mut self) {
        self.show(0);
    }
}
