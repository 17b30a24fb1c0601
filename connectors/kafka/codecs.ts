/** Compression that kafkajs leaves to others: snappy, lz4 and zstd, beside gzip, which it has. */
import kafkajs from 'kafkajs';
import snappy from 'kafkajs-snappy';
import zstd, { type Streaming } from 'zstd-codec';
import { lz4 } from '../../engine/index.ts';

const { CompressionCodecs, CompressionTypes } = kafkajs;

CompressionCodecs[CompressionTypes.Snappy] = snappy;

/** Made at the first use: it compiles a module of its own. Frames need not say how long their content is. */
let codec: Promise<Streaming> | null = null;

CompressionCodecs[CompressionTypes.ZSTD] = () => {
  codec ??= new Promise((resolve) => zstd.ZstdCodec.run((codecs) => resolve(new codecs.Streaming())));
  const ready = codec;
  const whole = (bytes: Uint8Array | null): Buffer => {
    if (bytes === null) throw new Error('a batch is not valid zstd');
    return Buffer.from(bytes);
  };
  return {
    compress: async (encoded: { buffer: Buffer }) => whole((await ready).compress(encoded.buffer, 3)),
    decompress: async (buffer: Buffer) => whole((await ready).decompress(buffer)),
  };
};

CompressionCodecs[CompressionTypes.LZ4] = () => ({
  compress: async (encoded: { buffer: Buffer }) => lz4.compress(encoded.buffer),
  decompress: async (buffer: Buffer) => lz4.decompress(buffer),
});
