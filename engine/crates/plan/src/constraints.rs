//! What the rows of a table must satisfy.

use crate::relation::{ArrangementId, Layout, Mfp};
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
    /// Virtual generated columns: messages show no values of theirs.
    #[serde(rename = "virtual", default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub virtual_columns: Option<Vec<u32>>,
    /// Conditions of the columns' domains, which raise what a value breaks: they are looked at before all others.
    pub domains: Vec<Expr>,
    /// Columns that are never NULL.
    pub not_null: Vec<u32>,
    /// CHECK, in the order in which they are evaluated.
    pub checks: Vec<Check>,
    /// Unique keys besides the primary key.
    pub unique: Vec<UniqueConstraint>,
    /// FOREIGN KEY: what its rows refer to. Commits check them, on both sides.
    pub foreign: Vec<ForeignKey>,
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
    /// Its layout. Where only some rows count, the key of others has a NULL.
    pub layout: Layout,
    /// What messages call the parts of the key; none: the columns that it is made of.
    pub elements: Vec<String>,
    /// Whether keys with a NULL can be duplicates (NULLS NOT DISTINCT).
    pub nulls_equal: bool,
}

/// FOREIGN KEY (columns) REFERENCES another table's key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ForeignKey {
    /// Its name.
    pub name: String,
    /// The referring table arranged by the columns that refer.
    #[ts(type = "number")]
    pub arrangement: ArrangementId,
    /// Its layout: the key is made of columns.
    pub layout: Layout,
    /// The referenced table's own arrangement.
    #[ts(type = "number")]
    pub parent: ArrangementId,
    /// The referenced table arranged by the referenced key, whose values are of the same types, or of other numeric ones.
    #[ts(type = "number")]
    pub parent_arrangement: ArrangementId,
    /// Its layout.
    pub parent_layout: Layout,
    /// The referring columns in the order in which they were declared, and those that they refer to.
    pub columns: Vec<u32>,
    pub parent_columns: Vec<u32>,
    /// What a statement that deletes a key does with the rows that refer to it.
    pub on_delete: ReferentialAction,
    /// The same, of one that changes it.
    pub on_update: ReferentialAction,
    /// MATCH FULL: a row has all of the columns or none.
    pub full: bool,
    /// Looked at by the commit alone unless the transaction says otherwise; else also when a statement ends.
    pub deferred: bool,
}

/// What becomes of rows that refer to a key which goes or changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum ReferentialAction {
    /// They stay: there must be such a key again.
    NoAction,
    /// The statement fails, even if there is such a key again.
    Restrict,
    /// They go.
    Delete,
    /// They become what this makes of their columns followed by those of the row that they referred to, as it is now.
    Replace { row: Mfp },
}
