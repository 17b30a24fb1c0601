//! The plan language: what the planner (TypeScript) says and the engine (Rust) obeys.
//!
//! Law: decisions are made in the plan; rendering is straight lines. A plan is self-contained: it names
//! arrangements by id and carries every type, key, order and layout that the renderer needs. Unknown fields,
//! opcodes and versions are refused. The TypeScript types in `engine/plan.generated.ts` are generated from here.
//!
//! - [`scalar`]: column types and scalar expressions.
//! - [`enumeration`]: enum types, whose labels plans do not say.
//! - [`range`]: range types.
//! - [`relation`]: relational operators and arrangement layouts.
//! - [`window`]: window functions and their frames.
//! - [`constraints`]: what the rows of a table must satisfy.
//! - [`output`]: what a plan is for: a maintained arrangement, a subscription, rows for a client, a write set.

pub mod constraints;
pub mod enumeration;
pub mod output;
pub mod range;
pub mod relation;
pub mod scalar;
pub mod window;

pub use constraints::*;
pub use enumeration::*;
pub use output::*;
pub use range::*;
pub use relation::*;
pub use scalar::*;
pub use window::*;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The version of the plan language that this engine obeys.
pub const FORMAT_VERSION: u32 = 1;

/// One dataflow. Nodes stand in dependency order: a node reads only nodes with a smaller index.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Plan {
    /// Must equal [`FORMAT_VERSION`].
    pub format_version: u32,
    /// Name for logs and metrics, e.g. `materialized view public.totals`.
    pub name: String,
    /// Types of the values that `Expr::Parameter` reads, by index. Empty in maintained plans.
    pub parameters: Vec<ScalarType>,
    /// Operators in dependency order.
    pub nodes: Vec<Node>,
    /// What becomes of the result.
    pub output: Output,
}

impl Plan {
    /// Decodes a plan from JSON and checks its version and that nodes read only earlier nodes.
    pub fn decode(json: &str) -> Result<Plan, String> {
        let plan: Plan = from_json(json)?;
        if plan.format_version != FORMAT_VERSION {
            return Err(format!(
                "plan refused: format version {}, expected {FORMAT_VERSION}",
                plan.format_version
            ));
        }
        for (index, node) in plan.nodes.iter().enumerate() {
            if let Some(input) = node.operator.inputs().into_iter().find(|input| *input as usize >= index) {
                return Err(format!("plan refused: node {index} reads node {input}, which is not before it"));
            }
        }
        Ok(plan)
    }
}

impl Expr {
    /// Decodes an expression from JSON.
    pub fn decode(json: &str) -> Result<Expr, String> {
        from_json(json)
    }
}

/// Why a plan that nests too deeply is refused: PostgreSQL's message.
pub const TOO_DEEP: &str = "stack depth limit exceeded";

fn from_json<T: for<'de> Deserialize<'de>>(json: &str) -> Result<T, String> {
    if nesting(json) > MAXIMUM_NESTING {
        return Err(TOO_DEEP.into());
    }
    let mut deserializer = serde_json::Deserializer::from_str(json);
    deserializer.disable_recursion_limit(); // bounded above, by our own limit
    let value = T::deserialize(&mut deserializer).map_err(|error| format!("plan refused: {error}"))?;
    deserializer.end().map_err(|error| format!("plan refused: {error}"))?;
    Ok(value)
}

/// How deep the JSON of a plan may nest: two levels a nested call. Expressions are walked recursively on threads with
/// small stacks.
const MAXIMUM_NESTING: usize = 1000;

/// The deepest nesting of objects and arrays in a JSON text.
fn nesting(json: &str) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0usize, 0usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}
