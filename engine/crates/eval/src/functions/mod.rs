//! The scalar functions, one file a family.

pub(crate) mod arrays;
mod binary_form;
mod bits;
mod boolean;
mod bytea;
pub(crate) mod datetime;
mod degrees;
mod digest;
mod enumeration;
mod float;
pub(crate) mod formatting;
mod hash;
mod identifier;
mod input;
mod integer;
mod json;
pub(crate) mod json_build;
pub(crate) mod jsonb;
mod jsonb_assign;
pub(crate) mod jsonb_build;
mod jsonb_path;
mod keywords;
mod macaddr;
mod network;
mod normalize;
mod numeric;
mod pattern;
mod percentile;
mod raise;
mod random;
mod ranges;
mod record;
pub(crate) mod regexp;
mod regexp_syntax;
mod sequence;
mod similar;
mod size;
mod spread;
pub(crate) mod text;
mod text_edit;
mod text_order;
mod uuid;

use crate::registry::Function;

pub use percentile::percentile_fraction;

/// All families' functions.
pub(crate) fn families() -> Vec<&'static [Function]> {
    let mut all = Vec::new();
    all.extend_from_slice(boolean::FUNCTIONS);
    all.extend(arrays::families());
    all.extend_from_slice(integer::FUNCTIONS);
    all.extend_from_slice(float::FUNCTIONS);
    all.extend_from_slice(numeric::FUNCTIONS);
    all.extend_from_slice(text::FUNCTIONS);
    all.extend_from_slice(text_edit::FUNCTIONS);
    all.extend_from_slice(text_order::FUNCTIONS);
    all.extend_from_slice(pattern::FUNCTIONS);
    all.extend_from_slice(regexp::FUNCTIONS);
    all.extend_from_slice(bytea::FUNCTIONS);
    all.extend_from_slice(sequence::FUNCTIONS);
    all.extend_from_slice(uuid::FUNCTIONS);
    all.extend_from_slice(enumeration::FUNCTIONS);
    all.extend_from_slice(jsonb::FUNCTIONS);
    all.push(jsonb_assign::FUNCTIONS);
    all.push(json::FUNCTIONS);
    all.push(json_build::FUNCTIONS);
    all.push(jsonb_build::FUNCTIONS);
    all.push(jsonb_path::FUNCTIONS);
    all.push(crate::jsonpath::FUNCTIONS);
    all.push(crate::populate::FUNCTIONS);
    all.push(crate::sqljson::FUNCTIONS);
    all.push(record::FUNCTIONS);
    all.push(degrees::FUNCTIONS);
    all.push(digest::FUNCTIONS);
    all.push(binary_form::FUNCTIONS);
    all.push(hash::FUNCTIONS);
    all.push(identifier::FUNCTIONS);
    all.push(input::FUNCTIONS);
    all.push(raise::FUNCTIONS);
    all.extend_from_slice(bits::FUNCTIONS);
    all.extend_from_slice(macaddr::FUNCTIONS);
    all.extend_from_slice(network::FUNCTIONS);
    all.push(normalize::FUNCTIONS);
    all.push(percentile::FUNCTIONS);
    all.push(random::FUNCTIONS);
    all.extend(ranges::families());
    all.push(size::FUNCTIONS);
    all.push(spread::FUNCTIONS);
    all.extend(datetime::families());
    all.extend(formatting::families());
    all
}
