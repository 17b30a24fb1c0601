//! `jsonb_in`.

use super::{JsonbBuilder, JsonbRef};
use crate::json::{Events, read};
use crate::{Arena, EvalResult, Numeric};
use std::ops::Range;

/// Reads JSON text.
pub fn parse<'a>(input: &str, arena: &'a Arena) -> EvalResult<JsonbRef<'a>> {
    let mut making = Making { builder: JsonbBuilder::new(), scratch: Arena::new() };
    read(input, &mut making)?;
    Ok(making.builder.finish(arena))
}

struct Making {
    builder: JsonbBuilder,
    scratch: Arena,
}

impl Events for Making {
    const UNESCAPES: bool = true;

    fn begin_object(&mut self, _: usize) -> EvalResult<()> {
        self.builder.begin_object();
        Ok(())
    }

    fn begin_array(&mut self, _: usize) -> EvalResult<()> {
        self.builder.begin_array();
        Ok(())
    }

    fn end(&mut self, _: usize) -> EvalResult<()> {
        self.builder.end();
        Ok(())
    }

    fn key(&mut self, key: &str, _: Range<usize>) -> EvalResult<()> {
        self.builder.key(key);
        Ok(())
    }

    fn string(&mut self, text: &str, _: Range<usize>) -> EvalResult<()> {
        self.builder.push_string(text);
        Ok(())
    }

    fn number(&mut self, text: &str, _: Range<usize>) -> EvalResult<()> {
        self.builder.push_numeric(Numeric::parse(text, -1, &self.scratch)?);
        Ok(())
    }

    fn boolean(&mut self, value: bool, _: Range<usize>) -> EvalResult<()> {
        self.builder.push_bool(value);
        Ok(())
    }

    fn null(&mut self, _: Range<usize>) -> EvalResult<()> {
        self.builder.push_null();
        Ok(())
    }
}
