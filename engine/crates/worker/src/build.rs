//! Who turns a plan into a dataflow.

use std::sync::Arc;
use tidewire_arrange::{ImportProvider, Rendered};
use timely::dataflow::Scope;

/// Builds a dataflow on each worker, the same on all of them. All its state is in [`arrange`](tidewire_arrange::arrange),
/// [`arrange_reduce`](tidewire_arrange::arrange_reduce) and [`Kept`](tidewire_arrange::Kept), so that it can hydrate elsewhere and start from
/// seeds.
pub trait Build: Send + Sync {
    /// Adds the operators to the scope.
    fn build<'s>(
        &self,
        scope: Scope<'s, u64>,
        imports: &mut dyn ImportProvider<'s>,
    ) -> Result<Rendered<'s>, String>;

    /// The collections that it reads.
    fn inputs(&self) -> Vec<u64>;

    /// At most how many rows one of its operators makes, where each input has as many as `rows_of` says.
    fn most_rows(&self, rows_of: &dyn Fn(u64) -> u64) -> u64;
}

/// A builder shared by the workers.
pub type SharedBuild = Arc<dyn Build>;
