//! Who turns a plan into a dataflow.

use std::sync::Arc;
use tidewire_arrange::{ImportProvider, Rendered};
use timely::dataflow::Scope;

/// Builds a dataflow on each worker, the same on all of them.
pub trait Build: Send + Sync {
    /// Adds the operators to the scope.
    fn build<'s>(
        &self,
        scope: Scope<'s, u64>,
        imports: &mut dyn ImportProvider<'s>,
    ) -> Result<Rendered<'s>, String>;

    /// The collections that it reads, if all its state is in [`arrange`](tidewire_arrange::arrange) and
    /// [`reduce`](tidewire_arrange::reduce): then it can hydrate elsewhere and start from seeds. None: in place.
    fn seedable_inputs(&self) -> Option<Vec<u64>> {
        None
    }
}

/// A builder shared by the workers.
pub type SharedBuild = Arc<dyn Build>;
