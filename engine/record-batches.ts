import { native } from './addon.ts';
import { loadAddon } from './load-addon.ts';

/** Batches of Kafka that stand one behind the other and are to be read. */
export interface BatchesPortion {
  /** Bytes of the chunk; none where only the offset moves. */
  readonly start: number;
  readonly end: number;
  /** Where the partition goes on behind them. */
  readonly next: number;
  /** How many records the batches say that they have. */
  readonly records: number;
}

/** Kafka's record batches. Needs no engine that runs. */
export const recordBatches = {
  /**
   * What of a fetched chunk is to be read from an offset on, in portions of about `most` bytes: no control batches, and none of
   * the aborted transactions, which are given as producer and first offset, one after the other.
   */
  portions(chunk: Buffer, from: number, aborted: readonly number[], most: number): BatchesPortion[] {
    const found = native(() => loadAddon().kafkaPortions(chunk, from, aborted, most));
    return Array.from({ length: found.length / 4 }, (_, index) => ({
      start: found[4 * index]!,
      end: found[4 * index + 1]!,
      next: found[4 * index + 2]!,
      records: found[4 * index + 3]!,
    }));
  },
  compress: (codec: BatchCompression, content: Buffer): Buffer =>
    native(() => loadAddon().kafkaCompress(codec, content)),
  decompress: (codec: BatchCompression, bytes: Buffer): Buffer =>
    native(() => loadAddon().kafkaDecompress(codec, bytes)),
};

/** How batches are compressed. */
export type BatchCompression = 'gzip' | 'snappy' | 'lz4' | 'zstd';
