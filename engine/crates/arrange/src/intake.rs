//! What an arranging operator has received and not sealed.

use crate::staging::Staging;
use crate::{RowBatch, Updates};
use timely::dataflow::operators::{Capability, InputCapability};

/// Updates that wait for their time, and the capability of the least of them.
#[derive(Default)]
pub(crate) struct Intake {
    staging: Staging,
    held: Option<Capability<u64>>,
    /// What came before is in the seed.
    floor: u64,
}

/// What is complete.
pub(crate) struct Sealed {
    pub(crate) batch: RowBatch,
    /// Where the batch begins: nothing changed from the operator's upper until there.
    pub(crate) from: u64,
    /// Of the batch's first time.
    pub(crate) capability: Capability<u64>,
}

impl Intake {
    /// Of an operator whose state is complete up to `floor`.
    pub(crate) fn new(floor: u64) -> Self {
        Intake { floor, ..Self::default() }
    }

    /// Takes the updates; leaves the container empty.
    pub(crate) fn receive(&mut self, capability: InputCapability<u64>, updates: &mut Updates) {
        if self.floor > 0 {
            updates.retain(|update| update.time >= self.floor);
            // Nothing may be held for what is in the seed: a seed that is CLOSED never lets go of it.
            if updates.is_empty() {
                return;
            }
        }
        if self.held.as_ref().is_none_or(|held| capability.time() < held.time()) {
            self.held = Some(capability.retain(0));
        }
        self.staging.push(updates);
    }

    /// Takes out what is before `complete`, if there is any; before `upper` there is none.
    pub(crate) fn seal(&mut self, upper: u64, complete: u64) -> Option<Sealed> {
        let capability = self.held.take_if(|held| *held.time() < complete)?;
        let from = (*capability.time()).max(upper);
        let batch = self.staging.seal(from, complete);
        self.held = self.staging.least_time().map(|next| capability.delayed(&next));
        Some(Sealed { batch, from, capability })
    }
}
