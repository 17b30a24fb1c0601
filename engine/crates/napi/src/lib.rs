//! The binding: the only crate that knows JavaScript.
