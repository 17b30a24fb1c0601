//! The queries: each as a plan, and by brute force.

mod errors;
mod joins;
mod reductions;
mod rows;

use crate::support::*;
use crate::tables::Tables;
use tidewire_plan::{ColumnType, Plan};

pub struct Query {
    pub name: &'static str,
    pub plan: Plan,
    pub expect: fn(&Tables) -> Answer,
}

/// All of them.
pub fn queries() -> Vec<Query> {
    [reductions::queries(), joins::queries(), errors::queries(), rows::queries()]
        .into_iter()
        .flatten()
        .collect()
}

/// k, v
fn pair() -> Vec<ColumnType> {
    vec![column(Int4), column(Int4)]
}
