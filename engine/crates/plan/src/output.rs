//! What a plan is for.

use crate::relation::{ArrangementId, Layout, Mfp, NodeIndex, OrderKey};
use crate::scalar::Expr;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

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
    /// enter. The affected count is that of `inserted`, or of `deleted` where there is no `inserted`; `returning`
    /// runs over the same rows, or over those of `returned` where RETURNING reads more than the row.
    Write {
        #[ts(type = "number")]
        arrangement: ArrangementId,
        deleted: Option<NodeIndex>,
        inserted: Option<NodeIndex>,
        returned: Option<NodeIndex>,
        returning: Option<Mfp>,
    },
}

/// Order, limit and projection of a one-shot result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Finishing {
    /// Sort keys over the node's columns; rows that tie come in the order of their packed bytes.
    pub order: Vec<OrderKey>,
    /// LIMIT, an int8 expression without columns; NULL means none.
    pub limit: Option<Expr>,
    /// OFFSET, an int8 expression without columns.
    pub offset: Option<Expr>,
    /// WITH TIES.
    pub with_ties: bool,
    /// The columns that the client sees.
    pub projection: Vec<u32>,
}
