//! Compression of batches.

use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use lz4_flex::frame::{BlockMode, BlockSize, FrameDecoder, FrameEncoder, FrameInfo};
use std::io::{Read, Write};
use tidewire_row::{EvalError, EvalResult};

/// A batch that comes to more than this is refused: no broker takes such a one.
const MAX_BYTES: usize = 1 << 30;
/// How the library for Java begins what it compresses by Snappy: in blocks, each with its length before it.
const XERIAL: &[u8] = b"\x82SNAPPY\0";
/// That and two versions.
const XERIAL_HEADER: usize = 16;
/// How large those blocks are.
const XERIAL_BLOCK: usize = 32 << 10;

/// A codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    Gzip,
    Snappy,
    Lz4,
    Zstd,
}

impl Compression {
    /// By its name in Kafka's configuration.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "gzip" => Compression::Gzip,
            "snappy" => Compression::Snappy,
            "lz4" => Compression::Lz4,
            "zstd" => Compression::Zstd,
            _ => return None,
        })
    }

    /// By a batch's attributes; None: its records are not compressed.
    pub(super) fn of(attributes: i16) -> EvalResult<Option<Self>> {
        Ok(Some(match attributes & 7 {
            0 => return Ok(None),
            1 => Compression::Gzip,
            2 => Compression::Snappy,
            3 => Compression::Lz4,
            4 => Compression::Zstd,
            other => return Err(EvalError::new("0A000", format!("compression type {other} is not known"))),
        }))
    }
}

/// What was compressed.
pub fn decompress(compression: Compression, bytes: &[u8]) -> EvalResult<Vec<u8>> {
    let mut content = Vec::new();
    match decompress_into(compression, bytes, &mut content) {
        Ok(()) => Ok(content),
        Err(error) => Err(EvalError::new("22P03", format!("the batch cannot be read: {error}"))),
    }
}

/// The same over a buffer's content. An error says what is not valid.
pub(super) fn decompress_into(
    compression: Compression,
    bytes: &[u8],
    content: &mut Vec<u8>,
) -> Result<(), String> {
    content.clear();
    let (name, read) = match compression {
        Compression::Gzip => ("gzip", read_all(MultiGzDecoder::new(bytes), content)),
        Compression::Snappy => ("snappy", read_snappy(bytes, content)),
        Compression::Lz4 => ("lz4", read_all(FrameDecoder::new(bytes), content)),
        Compression::Zstd => (
            "zstd",
            zstd::stream::read::Decoder::with_buffer(bytes).and_then(|decoder| read_all(decoder, content)),
        ),
    };
    read.map_err(|error| format!("it is not valid {name}: {error}"))
}

fn read_all(reader: impl Read, content: &mut Vec<u8>) -> std::io::Result<()> {
    reader.take(MAX_BYTES as u64 + 1).read_to_end(content)?;
    if content.len() > MAX_BYTES {
        return Err(std::io::Error::other("it comes to more than a gigabyte"));
    }
    Ok(())
}

fn read_snappy(bytes: &[u8], content: &mut Vec<u8>) -> std::io::Result<()> {
    if !bytes.starts_with(XERIAL) {
        return read_snappy_block(bytes, content);
    }
    let cut = || std::io::Error::other("a block is cut");
    let mut rest = bytes.get(XERIAL_HEADER..).ok_or_else(cut)?;
    while !rest.is_empty() {
        // Streams may stand one behind the other.
        if rest.starts_with(XERIAL) {
            rest = rest.get(XERIAL_HEADER..).ok_or_else(cut)?;
            continue;
        }
        let (length, behind) = rest.split_first_chunk::<4>().ok_or_else(cut)?;
        let (block, behind) =
            behind.split_at_checked(u32::from_be_bytes(*length) as usize).ok_or_else(cut)?;
        read_snappy_block(block, content)?;
        rest = behind;
    }
    Ok(())
}

fn read_snappy_block(block: &[u8], content: &mut Vec<u8>) -> std::io::Result<()> {
    let begin = content.len();
    let length = snap::raw::decompress_len(block)?;
    if begin + length > MAX_BYTES {
        return Err(std::io::Error::other("it comes to more than a gigabyte"));
    }
    content.resize(begin + length, 0);
    let written = snap::raw::Decoder::new().decompress(block, &mut content[begin..])?;
    content.truncate(begin + written);
    Ok(())
}

/// Compresses a batch's records.
pub fn compress(compression: Compression, content: &[u8]) -> EvalResult<Vec<u8>> {
    write(compression, content)
        .map_err(|error| EvalError::new("XX000", format!("a batch could not be compressed: {error}")))
}

fn write(compression: Compression, content: &[u8]) -> std::io::Result<Vec<u8>> {
    let out = Vec::with_capacity(content.len() / 2 + 64);
    match compression {
        Compression::Gzip => {
            let mut encoder = GzEncoder::new(out, flate2::Compression::default());
            encoder.write_all(content)?;
            encoder.finish()
        }
        Compression::Snappy => {
            let mut out = out;
            out.extend_from_slice(XERIAL);
            // The version, and the oldest that can read it.
            out.extend_from_slice(&[0, 0, 0, 1, 0, 0, 0, 1]);
            let mut encoder = snap::raw::Encoder::new();
            for block in content.chunks(XERIAL_BLOCK) {
                let block = encoder.compress_vec(block)?;
                out.extend_from_slice(&(block.len() as u32).to_be_bytes());
                out.extend_from_slice(&block);
            }
            Ok(out)
        }
        Compression::Lz4 => {
            // Kafka's readers take blocks that do not depend on each other.
            let info = FrameInfo::new().block_mode(BlockMode::Independent).block_size(BlockSize::Max64KB);
            let mut encoder = FrameEncoder::with_frame_info(info, out);
            encoder.write_all(content)?;
            encoder.finish().map_err(std::io::Error::other)
        }
        Compression::Zstd => zstd::bulk::compress(content, zstd::DEFAULT_COMPRESSION_LEVEL),
    }
}
