//! The boundary between who renders a plan and who owns the collections that it reads.

use crate::{Arr, Meter, RowStream, RowTrace};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

/// The state that an operator starts from instead of its inputs' history.
#[derive(Clone)]
pub struct Seed {
    /// Contiguous batches from time 0 to `upper`.
    pub batches: Vec<crate::RowBatch>,
    /// Up to where.
    pub upper: u64,
}

/// What every stateful operator of one dataflow is given: pass it to [`arrange`](crate::arrange),
/// [`arrange_reduce`](crate::arrange_reduce), [`Kept`](crate::Kept) and [`Backing`](crate::Backing). Cheap to clone.
///
/// A dataflow that hydrates elsewhere records its stateful operators; the maintained one starts from their seeds. They
/// are matched by the order in which they are built, which must be the same in every rendering of a plan.
#[derive(Clone, Default)]
pub struct Flow {
    mode: Rc<RefCell<Mode>>,
    meter: Meter,
}

#[derive(Default)]
enum Mode {
    #[default]
    Plain,
    Recording(Vec<RowTrace>),
    Seeded(VecDeque<Seed>),
    Once,
}

impl Flow {
    /// A dataflow that starts from its inputs.
    pub fn new() -> Self {
        Self::default()
    }

    fn of(mode: Mode) -> Self {
        Flow { mode: Rc::new(RefCell::new(mode)), meter: Meter::default() }
    }

    /// The same, with its arrangements counted by a meter.
    pub fn metered(self, meter: &Meter) -> Self {
        Flow { meter: meter.clone(), ..self }
    }

    /// What counts the state of its operators.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }

    /// A dataflow that runs to its end, or is stopped, and is gone: no state of it is needed by another.
    pub fn once() -> Self {
        Self::of(Mode::Once)
    }

    /// Whether it is such a one.
    pub fn runs_once(&self) -> bool {
        matches!(&*self.mode.borrow(), Mode::Once)
    }

    /// A dataflow whose stateful operators can be exported.
    pub fn recording() -> Self {
        Self::of(Mode::Recording(Vec::new()))
    }

    /// A dataflow whose stateful operators start from seeds.
    pub fn seeded(seeds: Vec<Seed>) -> Self {
        Self::of(Mode::Seeded(seeds.into()))
    }

    /// Whether it is such a one.
    pub(crate) fn is_recording(&self) -> bool {
        matches!(&*self.mode.borrow(), Mode::Recording(_))
    }

    /// The traces of a recording dataflow's stateful operators. They hold compaction back: compact them.
    pub fn recorded(&self) -> Vec<RowTrace> {
        match &mut *self.mode.borrow_mut() {
            Mode::Recording(traces) => std::mem::take(traces),
            _ => Vec::new(),
        }
    }

    pub(crate) fn next_seed(&self) -> Option<Seed> {
        match &mut *self.mode.borrow_mut() {
            Mode::Seeded(seeds) => Some(seeds.pop_front().expect("a seed for each stateful operator")),
            _ => None,
        }
    }

    pub(crate) fn record(&self, trace: &RowTrace) {
        if let Mode::Recording(traces) = &mut *self.mode.borrow_mut() {
            traces.push(trace.clone());
        }
    }
}

/// A collection brought into a dataflow.
pub struct Imported<'s> {
    /// Its rows, arranged by the collection's layout.
    pub ok: Arr<'s>,
    /// Its errors, packed error rows.
    pub err: RowStream<'s>,
}

/// Gives a renderer the collections that a plan names. The worker implements it over maintained arrangements, one-shot
/// execution over snapshots.
pub trait ImportProvider<'s> {
    /// The collection `id`, as often as asked.
    fn import(&mut self, id: u64) -> Result<Imported<'s>, String>;
    /// What stateful operators need.
    fn flow(&self) -> &Flow;
}

/// The result of rendering a plan.
#[allow(clippy::large_enum_variant, reason = "one lives for the moment of building a dataflow")]
pub enum Rendered<'s> {
    /// For a maintained collection: both made by [`arrange`](crate::arrange) or [`group_by`](crate::group_by) in this
    /// dataflow; an import can't be handed on as it is. Errors by [`arrange_errors`](crate::arrange_errors).
    Arranged {
        /// The rows, by the plan's layout.
        ok: Arr<'s>,
        /// The errors.
        err: Arr<'s>,
    },
    /// For a subscription or a one-shot result: whole rows.
    Rows {
        /// The rows.
        ok: RowStream<'s>,
        /// The errors.
        err: RowStream<'s>,
    },
}
