//! Avro's binary encoding (Apache Avro 1.12, "Binary Encoding"): primitives, and how to pass over a value.

use super::schema::{Kind, Schema};
use tidewire_row::{EvalError, EvalResult};

/// Values within values that are followed; deeper ones are refused.
pub(crate) const MAX_DEPTH: usize = 128;
/// Items without bytes of their own (nulls) that an array may have: else a few bytes would be any number of them.
const MAX_EMPTY_ITEMS: usize = 1 << 16;

#[cold]
pub(crate) fn malformed(detail: impl Into<String>) -> EvalError {
    EvalError::new("22P03", "invalid Avro data").with_detail(detail)
}

#[cold]
pub(crate) fn too_deep() -> EvalError {
    EvalError::new("54001", "stack depth limit exceeded")
        .with_detail(format!("The Avro data has more than {MAX_DEPTH} values within each other."))
}

/// What is left of a value's bytes.
#[derive(Clone, Copy)]
pub(crate) struct Input<'a> {
    pub(crate) rest: &'a [u8],
}

#[cold]
fn cut() -> EvalError {
    malformed("The data ends within a value.")
}

impl<'a> Input<'a> {
    #[inline]
    pub(crate) fn take(&mut self, length: usize) -> EvalResult<&'a [u8]> {
        let Some((taken, rest)) = self.rest.split_at_checked(length) else { return Err(cut()) };
        self.rest = rest;
        Ok(taken)
    }

    #[inline]
    pub(crate) fn array<const N: usize>(&mut self) -> EvalResult<[u8; N]> {
        let Some((taken, rest)) = self.rest.split_first_chunk::<N>() else { return Err(cut()) };
        self.rest = rest;
        Ok(*taken)
    }

    #[inline]
    pub(crate) fn boolean(&mut self) -> EvalResult<bool> {
        match self.array::<1>()?[0] {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(malformed(format!("A boolean is {other}."))),
        }
    }

    /// A zig-zag number of variable length.
    #[inline]
    pub(crate) fn long(&mut self) -> EvalResult<i64> {
        // Most are short.
        if let Some((&byte, rest)) = self.rest.split_first()
            && byte < 0x80
        {
            self.rest = rest;
            return Ok(i64::from(byte >> 1) ^ -i64::from(byte & 1));
        }
        self.long_slow()
    }

    fn long_slow(&mut self) -> EvalResult<i64> {
        let mut value = 0u64;
        for (at, &byte) in self.rest.iter().enumerate().take(10) {
            if at == 9 && byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << (7 * at);
            if byte < 0x80 {
                self.rest = &self.rest[at + 1..];
                return Ok((value >> 1) as i64 ^ -((value & 1) as i64));
            }
        }
        Err(if self.rest.len() < 10 { cut() } else { malformed("A number has more than 64 bits.") })
    }

    #[inline]
    pub(crate) fn int(&mut self) -> EvalResult<i32> {
        let value = self.long()?;
        i32::try_from(value).map_err(|_| malformed(format!("{value} is no int.")))
    }

    #[inline]
    pub(crate) fn float(&mut self) -> EvalResult<f32> {
        Ok(f32::from_le_bytes(self.array()?))
    }

    #[inline]
    pub(crate) fn double(&mut self) -> EvalResult<f64> {
        Ok(f64::from_le_bytes(self.array()?))
    }

    #[inline]
    pub(crate) fn bytes(&mut self) -> EvalResult<&'a [u8]> {
        let length = self.long()?;
        let length = usize::try_from(length).map_err(|_| malformed(format!("A length is {length}.")))?;
        self.take(length)
    }

    /// The index of an enum's symbol or a union's branch.
    #[inline]
    pub(crate) fn index(&mut self, count: usize) -> EvalResult<usize> {
        let index = self.long()?;
        match usize::try_from(index) {
            Ok(index) if index < count => Ok(index),
            _ => Err(malformed(format!("Branch or symbol {index} is none of {count}."))),
        }
    }

    /// The number of items in the next block of an array or map; 0 ends it. A block that says how long it is gives that
    /// too.
    pub(crate) fn block(&mut self, seen: &mut usize) -> EvalResult<(usize, Option<usize>)> {
        let count = self.long()?;
        let size = if count < 0 { Some(self.long()?) } else { None };
        let bad = || malformed(format!("A block has {count} items."));
        let count = usize::try_from(count.unsigned_abs()).map_err(|_| bad())?;
        let size = size.map(usize::try_from).transpose().map_err(|_| bad())?;
        *seen = seen.saturating_add(count);
        if count > self.rest.len() && *seen > MAX_EMPTY_ITEMS {
            return Err(bad());
        }
        Ok((count, size))
    }

    /// Passes over a value.
    pub(crate) fn skip(&mut self, schema: &Schema, node: usize, depth: usize) -> EvalResult<()> {
        match &schema.node(node).kind {
            Kind::Null => {}
            Kind::Boolean => {
                self.take(1)?;
            }
            Kind::Int | Kind::Long | Kind::Enum { .. } => {
                self.long()?;
            }
            Kind::Float => {
                self.take(4)?;
            }
            Kind::Double => {
                self.take(8)?;
            }
            Kind::Bytes | Kind::String => {
                self.bytes()?;
            }
            Kind::Fixed(size) => {
                self.take(*size)?;
            }
            _ if depth >= MAX_DEPTH => return Err(too_deep()),
            Kind::Union(branches) => {
                let branch = self.index(branches.len())?;
                self.skip(schema, branches[branch], depth + 1)?;
            }
            Kind::Record(fields) => {
                for field in fields {
                    self.skip(schema, field.node, depth + 1)?;
                }
            }
            Kind::Array(items) => self.skip_blocks(schema, *items, false, depth)?,
            Kind::Map(values) => self.skip_blocks(schema, *values, true, depth)?,
        }
        Ok(())
    }

    fn skip_blocks(&mut self, schema: &Schema, node: usize, keys: bool, depth: usize) -> EvalResult<()> {
        let mut seen = 0;
        loop {
            let (count, size) = self.block(&mut seen)?;
            if count == 0 {
                return Ok(());
            }
            if let Some(size) = size {
                self.take(size)?;
                continue;
            }
            for _ in 0..count {
                if keys {
                    self.bytes()?;
                }
                self.skip(schema, node, depth + 1)?;
            }
        }
    }
}
