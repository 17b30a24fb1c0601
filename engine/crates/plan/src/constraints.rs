//! What the rows of a table must satisfy.

use crate::relation::{ArrangementId, Layout};
use crate::scalar::Expr;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The constraints of a table. NOT NULL and CHECK are about single rows: they are checked when a statement has computed the
/// rows that it inserts, and again by the commit for rows that were not checked against these constraints. Unique keys are
/// checked at both.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Constraints {
    /// The table's name, as messages call it.
    pub relation: String,
    /// The columns' names.
    pub columns: Vec<String>,
    /// Columns that are never NULL.
    pub not_null: Vec<u32>,
    /// CHECK, in the order in which they are evaluated.
    pub checks: Vec<Check>,
    /// Unique keys besides the primary key.
    pub unique: Vec<UniqueConstraint>,
}

/// CHECK (condition).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Check {
    /// Its name.
    pub name: String,
    /// A bool over the row; the row is refused where it is false.
    pub condition: Expr,
}

/// UNIQUE, or a unique index.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UniqueConstraint {
    /// Its name.
    pub name: String,
    /// The table arranged by the key.
    #[ts(type = "number")]
    pub arrangement: ArrangementId,
    /// Its layout: the key is made of columns.
    pub layout: Layout,
    /// Whether keys with a NULL can be duplicates (NULLS NOT DISTINCT).
    pub nulls_equal: bool,
}
