/** Options of INTO KAFKA (…). PARTITION BY is the statement's: it is an expression. */
import { SqlError } from '../../sql/error.ts';
import type { OptionSpecs, ParsedOptions } from '../options.ts';

export const kafkaSinkOptions = {
  topic: { type: 'string', required: true },
  /** Of a topic that the sink makes; without them the broker's defaults. */
  topic_partition_count: { type: 'integer', min: 1, max: 100_000 },
  topic_replication_factor: { type: 'integer', min: 1, max: 32_767 },
  /** `name=value`, several with commas between them. */
  topic_config: { type: 'string' },
  compression_type: {
    type: 'choice',
    values: ['none', 'gzip', 'snappy', 'lz4', 'zstd'],
    default: 'none',
    alterable: true,
  },
  /** What the transactional id begins with. */
  transactional_id_prefix: { type: 'string', default: 'tidewire' },
  /** What the name of the consumer group begins with whose offset is the sink's progress. */
  progress_group_id_prefix: { type: 'string', default: 'tidewire' },
  /** Where the progress is written, in place of a group's offset. */
  progress_topic: { type: 'string' },
  /** How long a transaction may take: what a writer that died has begun holds up readers as long. */
  transaction_timeout: { type: 'duration', min: 1000, default: 60_000, alterable: true },
  /** How long the first may take, which has all that there is. */
  snapshot_timeout: { type: 'duration', min: 1000, default: 600_000, alterable: true },
} as const satisfies OptionSpecs;

export type KafkaSinkOptions = ParsedOptions<typeof kafkaSinkOptions>;

/** Configuration of a new topic, of `topic_config`. */
export function topicConfig(text: string | undefined): { name: string; value: string }[] {
  if (text === undefined || text.trim() === '') return [];
  return text.split(',').map((entry) => {
    const match = /^\s*([\w.-]+)\s*=\s*(.*?)\s*$/.exec(entry);
    if (match !== null) return { name: match[1]!, value: match[2]! };
    throw new SqlError({
      sqlstate: '22023',
      message: `"${entry.trim()}" is no name=value`,
      hint: "TOPIC CONFIG is like 'cleanup.policy=compact, retention.ms=86400000'.",
    });
  });
}
