//! Reductions: one operator a class.

pub mod accumulable;
pub mod basic;
pub mod distinct;
pub mod group;
pub mod hierarchical;
pub mod ordered;
pub mod table;
