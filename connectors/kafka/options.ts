/** Options of FROM KAFKA (…), and where they say that a partition begins. */
import { SqlError } from '../../sql/error.ts';
import type { OptionSpecs, ParsedOptions } from '../options.ts';

export const kafkaSourceOptions = {
  topic: { type: 'string' },
  /** A regular expression for whole names of topics, in its place. */
  topic_pattern: { type: 'string' },
  /** earliest or latest, for partitions that nothing else places. */
  start: { type: 'choice', values: ['earliest', 'latest'], default: 'earliest' },
  /** `partition:offset`, several with commas between them. */
  start_offsets: { type: 'string' },
  /** The first message of that time or later. */
  start_timestamp: { type: 'string' },
  /** How often new partitions, and topics, are looked for. */
  refresh_interval: { type: 'duration', min: 100, default: 10_000 },
} as const satisfies OptionSpecs;

export type KafkaSourceOptions = ParsedOptions<typeof kafkaSourceOptions>;

/** Offsets by partition, of `start_offsets`. */
export function startOffsets(text: string): Map<number, number> {
  return new Map(
    text.split(',').map((entry): [number, number] => {
      const match = /^\s*(\d{1,9})\s*:\s*(\d{1,15})\s*$/.exec(entry);
      if (match !== null) return [Number(match[1]), Number(match[2])];
      throw new SqlError({
        sqlstate: '22023',
        message: `"${entry.trim()}" is no partition:offset`,
        hint: "START OFFSETS is like '0:1500, 1:1492'.",
      });
    }),
  );
}

/** Milliseconds since 1970 of `start_timestamp`: a number of them, or a date and time, in UTC unless it says otherwise. */
export function startTimestamp(text: string): number {
  const trimmed = text.trim();
  if (/^\d{1,15}$/.test(trimmed)) return Number(trimmed);
  const zoned = /(z|[+-]\d\d(:?\d\d)?)$/i.test(trimmed.slice(10));
  const time = /^\d{4}-\d\d-\d\d/.test(trimmed)
    ? Date.parse(`${trimmed.replace(' ', 'T')}${zoned || trimmed.length === 10 ? '' : 'Z'}`)
    : NaN;
  if (!Number.isNaN(time)) return time;
  throw new SqlError({
    sqlstate: '22007',
    message: `"${trimmed}" is no time to start at`,
    hint: "START TIMESTAMP is milliseconds since 1970 or like '2026-01-31 12:00:00'.",
  });
}

/** The names of topics that `topic_pattern` means; null where the topic is named. Kafka's own are none of them. */
export function topicPattern({ topic_pattern: pattern }: KafkaSourceOptions): RegExp | null {
  if (pattern === undefined) return null;
  try {
    return new RegExp(`^(?!__)(?:${pattern})$`, 'u');
  } catch (error) {
    throw new SqlError({
      sqlstate: '2201B',
      message: `invalid regular expression: ${(error as Error).message.replace(/^.*: /, '')}`,
      hint: "TOPIC PATTERN is for whole names, like 'orders_.*'.",
    });
  }
}
