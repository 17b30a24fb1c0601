//! LZ4 frames, as Kafka's batches have them: blocks that do not depend on each other.

use lz4_flex::frame::{BlockMode, BlockSize, FrameDecoder, FrameEncoder, FrameInfo};
use std::io::{Read, Write};
use tidewire_row::{EvalError, EvalResult};

/// A batch that comes to more than this is refused: no broker takes such a one.
const MAX_BYTES: u64 = 1 << 30;

/// The content of a frame.
pub fn lz4_decompress(frame: &[u8]) -> EvalResult<Vec<u8>> {
    let mut content = Vec::with_capacity(frame.len().saturating_mul(3).min(16 << 20));
    FrameDecoder::new(frame)
        .take(MAX_BYTES)
        .read_to_end(&mut content)
        .map_err(|error| EvalError::new("22P03", format!("the batch is not valid lz4: {error}")))?;
    Ok(content)
}

/// A frame of some content.
pub fn lz4_compress(content: &[u8]) -> EvalResult<Vec<u8>> {
    let info = FrameInfo::new().block_mode(BlockMode::Independent).block_size(BlockSize::Max64KB);
    let mut encoder = FrameEncoder::with_frame_info(info, Vec::with_capacity(content.len() / 2 + 64));
    let failed = |error: &dyn std::fmt::Display| EvalError::new("XX000", format!("lz4: {error}"));
    encoder.write_all(content).map_err(|error| failed(&error))?;
    encoder.finish().map_err(|error| failed(&error))
}
