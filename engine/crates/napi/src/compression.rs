//! Compression that Node has not: for connectors' clients.

use crate::error::call;
use napi::bindgen_prelude::Buffer;
use napi_derive::napi;
use tidewire_decode::{lz4_compress, lz4_decompress};

/// An LZ4 frame's content.
#[napi(catch_unwind, js_name = "lz4Decompress")]
pub fn decompress_lz4(frame: Buffer) -> napi::Result<Buffer> {
    call(|| lz4_decompress(&frame).map(Into::into))
}

/// An LZ4 frame.
#[napi(catch_unwind, js_name = "lz4Compress")]
pub fn compress_lz4(content: Buffer) -> napi::Result<Buffer> {
    call(|| lz4_compress(&content).map(Into::into))
}
