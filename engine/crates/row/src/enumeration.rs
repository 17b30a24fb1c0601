//! Values of enum types: a label's place, and the type, which knows its labels.

use crate::{EvalError, EvalResult};
use std::cmp::Ordering;
use tidewire_plan::EnumType;

/// A value of an enum type.
#[derive(Clone, Copy, Debug)]
pub struct EnumValue {
    place: u64,
    of: &'static EnumType,
}

impl EnumValue {
    /// The value of a label's place.
    pub fn new(place: u64, of: &'static EnumType) -> Self {
        EnumValue { place, of }
    }

    /// `enum_in`
    pub fn parse(text: &str, of: &'static EnumType) -> EvalResult<Self> {
        let definition = of.definition();
        match definition.place(text) {
            Some(place) => Ok(EnumValue { place, of }),
            None => Err(EvalError::new(
                "22P02",
                format!("invalid input value for enum {}: \"{text}\"", definition.name()),
            )),
        }
    }

    /// Where its label stands among the type's.
    pub fn place(&self) -> u64 {
        self.place
    }

    /// Its type.
    pub fn of(&self) -> &'static EnumType {
        self.of
    }

    /// Its label, as it is called at present.
    pub fn label(&self) -> &'static str {
        self.of.definition().label(self.place).unwrap_or_default()
    }

    /// The order of declaration.
    pub fn compare(&self, other: &EnumValue) -> Ordering {
        self.place.cmp(&other.place)
    }
}
