//! Kafka's batches: their compression, for connectors' clients, and what of a fetched chunk is to be read.

use crate::error::{call, internal};
use napi::bindgen_prelude::Buffer;
use napi_derive::napi;
use tidewire_decode::{Aborted, Compression, compress, decompress, portions};
use tidewire_row::EvalError;

fn codec(name: &str) -> Result<Compression, EvalError> {
    Compression::named(name).ok_or_else(|| internal(format!("there is no compression {name}")))
}

/// What was compressed.
#[napi(catch_unwind, js_name = "kafkaDecompress")]
pub fn decompress_batch(compression: String, bytes: Buffer) -> napi::Result<Buffer> {
    call(|| decompress(codec(&compression)?, &bytes).map(Into::into))
}

/// Compresses.
#[napi(catch_unwind, js_name = "kafkaCompress")]
pub fn compress_batch(compression: String, content: Buffer) -> napi::Result<Buffer> {
    call(|| compress(codec(&compression)?, &content).map(Into::into))
}

/// What of a chunk is to be read: start, end, next offset and number of records of each portion, one after the other. Aborted
/// transactions are given as producer and first offset, one after the other.
#[napi(catch_unwind, js_name = "kafkaPortions")]
pub fn portions_of(chunk: Buffer, from: f64, aborted: Vec<f64>, most: u32) -> napi::Result<Vec<f64>> {
    call(|| {
        let aborted: Vec<Aborted> = aborted
            .chunks_exact(2)
            .map(|pair| Aborted { producer: pair[0] as i64, first: pair[1] as i64 })
            .collect();
        let portions = portions(&chunk, from as i64, &aborted, most as usize)?;
        let four = |portion: tidewire_decode::Portion| {
            [portion.start as f64, portion.end as f64, portion.next as f64, portion.records as f64]
        };
        Ok(portions.into_iter().flat_map(four).collect())
    })
}
