//! What a plan is for.

use crate::Plan;
use crate::relation::{ArrangementId, Layout, Mfp, NodeIndex, OrderKey};
use crate::scalar::Expr;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The arrangement that a write's `returning_query` reads: the rows that were written, by their number from 0 (an int8
/// behind their columns). No other has this id.
pub const WRITTEN: ArrangementId = 0;

/// What becomes of a plan's result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Output {
    /// Maintained: arranged, published for reads and imports under this id.
    Arrangement {
        node: NodeIndex,
        #[ts(type = "number")]
        arrangement: ArrangementId,
        layout: Layout,
    },
    /// Maintained: changes pushed to the one who asked, in timestamp order, consolidated per timestamp.
    Subscription { node: NodeIndex },
    /// One-shot: rows for a client.
    Rows { node: NodeIndex, finishing: Finishing },
    /// One-shot: a write set for `arrangement` (a table's): the rows of `deleted` leave, the rows of `inserted`
    /// enter. `returned` has a row for each row that is written, where that is neither the inserted nor the deleted row
    /// alone: RETURNING reads more, or a command does several things. The affected count is that of `returned`, else of
    /// `inserted`, else of `deleted`, and `returning` runs over the same rows.
    Write {
        #[ts(type = "number")]
        arrangement: ArrangementId,
        deleted: Option<NodeIndex>,
        inserted: Option<NodeIndex>,
        returned: Option<NodeIndex>,
        /// For foreign keys that follow a change: of each row that is replaced the old one's columns, then the new one's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        replaced: Option<NodeIndex>,
        returning: Option<Mfp>,
        /// Makes what the client sees of the rows that `returning` gives, which it reads as [`WRITTEN`]; everything else
        /// it reads as it was before the command. A plan with [`Output::Rows`], with the same parameters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        returning_query: Option<Box<Plan>>,
        /// The last column of `inserted`, an int8, says in which order its rows are taken, and is not part of them.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        #[ts(optional, as = "Option<bool>")]
        ordered: bool,
        /// With `ordered`: what makes the rows that are written of those of `inserted`, one after the other in their order. It
        /// has what must be computed in that order, like the next number of a sequence.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        completed: Option<Mfp>,
        conflict: Option<OnConflict>,
    },
}

/// INSERT … ON CONFLICT: what becomes of a row of `inserted` whose key is there already. The rows are taken one after the
/// other; one that an earlier row has written is there for the later ones. `returning` then runs over the old row
/// (NULLs where there was none) followed by the new one. Rows of `inserted` may have columns behind the table's, which
/// `update` reads too: they stand behind the columns that it reads else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OnConflict {
    /// The unique keys that decide: arrangements of the table. A row conflicts when one of them has its key.
    pub arbiters: Vec<Arbiter>,
    /// None: a row that conflicts is left out. Else, with exactly one arbiter: the row that is there is replaced by what
    /// this makes of its columns followed by the columns of the row that conflicts; it stays where a predicate drops it.
    pub update: Option<Mfp>,
    /// Runs over each row that conflicts with none, before it is inserted, for the errors that it raises.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub check: Option<Mfp>,
}

/// A unique key of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Arbiter {
    /// The arrangement by the key.
    #[ts(type = "number")]
    pub arrangement: ArrangementId,
    /// Its layout.
    pub layout: Layout,
    /// Whether a key with a NULL in it conflicts with its like (NULLS NOT DISTINCT).
    pub nulls_equal: bool,
}

/// Order, limit and projection of a one-shot result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Finishing {
    /// Sort keys over the node's columns; rows that tie come in the order of their packed bytes.
    pub order: Vec<OrderKey>,
    /// The rows come in the order of so many of the first sort keys: what is behind the limit need not be computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub sorted: Option<u32>,
    /// LIMIT, an int8 expression without columns; NULL means none.
    pub limit: Option<Expr>,
    /// OFFSET, an int8 expression without columns.
    pub offset: Option<Expr>,
    /// WITH TIES.
    pub with_ties: bool,
    /// Runs over the rows that are wanted (and those that OFFSET leaves out), one after the other in their order: what must be
    /// computed so, and for no other row, like the next number of a sequence. `projection` is of what it makes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub completed: Option<Mfp>,
    /// The columns that the client sees.
    pub projection: Vec<u32>,
}
