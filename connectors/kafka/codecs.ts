/** Compression of kafkajs's batches by the engine: what kafkajs leaves to others, and gzip, which it has. */
import kafkajs from 'kafkajs';
import { type BatchCompression, recordBatches } from '../../engine/index.ts';

const { CompressionCodecs, CompressionTypes } = kafkajs;

const codecs = [
  [CompressionTypes.GZIP, 'gzip'],
  [CompressionTypes.Snappy, 'snappy'],
  [CompressionTypes.LZ4, 'lz4'],
  [CompressionTypes.ZSTD, 'zstd'],
] as const satisfies readonly (readonly [type: number, codec: BatchCompression])[];

for (const [type, codec] of codecs) {
  CompressionCodecs[type] = () => ({
    compress: async (encoded: { buffer: Buffer }) => recordBatches.compress(codec, encoded.buffer),
    decompress: async (buffer: Buffer) => recordBatches.decompress(codec, buffer),
  });
}
