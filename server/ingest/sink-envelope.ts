/** KEY and ENVELOPE of CREATE SINK. */
import type { Notice } from '../../sql/error.ts';
import type { SubscribeOptions } from '../../engine/index.ts';
import type { CreateSink } from '../../sql/ast/create-sink.ts';
import type { Identifier } from '../../sql/ast/name.ts';
import type { Option } from '../../sql/ast/options.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { SqlError } from '../../sql/error.ts';
import { nearestName } from '../../sql/nearest-name.ts';

export interface SinkEnvelope {
  /** As the engine has it. */
  readonly envelope: SubscribeOptions['envelope'];
  /** The columns of messages' keys; null: they have none. */
  readonly key: readonly number[] | null;
  readonly notices: readonly Notice[];
}

/** What is known of the sink's rows. */
export interface SinkRows {
  readonly names: readonly string[];
  /** Sets of columns that are unique. */
  readonly keys: readonly (readonly number[])[];
}

const position = (parsed: ParsedStatement, location: number | undefined): number | undefined =>
  location === undefined ? undefined : parsed.source.positionOfByte(location);

/** APPEND unless written. A key that the rows are not known to have is checked as they come, unless NOT ENFORCED. */
export function sinkEnvelope(
  parsed: ParsedStatement,
  statement: CreateSink,
  rows: SinkRows,
  messages: boolean,
): SinkEnvelope {
  const written = statement.envelope;
  const kind = written?.name ?? 'append';
  if (kind !== 'append' && kind !== 'upsert' && kind !== 'debezium') {
    throw new SqlError({
      sqlstate: '0A000',
      message: `ENVELOPE ${kind.toUpperCase()} is not supported yet`,
      position: position(parsed, written?.location),
    });
  }
  const given = statement.key?.columns ?? keyOption(parsed, written?.options ?? []);
  const key = given?.map((column) => columnNamed(parsed, column, rows.names));
  if (kind === 'append') {
    if (key !== undefined && !messages) {
      throw new SqlError({
        sqlstate: '22023',
        message: 'ENVELOPE APPEND has no KEY',
        hint: 'ENVELOPE UPSERT and DEBEZIUM do.',
        position: position(parsed, statement.key?.location ?? written?.location),
      });
    }
    return { envelope: { kind: 'diff' }, key: key ?? null, notices: [] };
  }
  const known = rows.keys.filter((candidate) => candidate.length > 0);
  if (key === undefined) {
    const first = known[0];
    if (first) return { envelope: { kind, key: first }, key: first, notices: [] };
    throw new SqlError({
      sqlstate: '22023',
      message: `ENVELOPE ${kind.toUpperCase()} needs a KEY`,
      hint: 'Add KEY (column, …): the columns that identify a row.',
      position: position(parsed, written?.location),
    });
  }
  const proven = rows.keys.some((candidate) => candidate.every((column) => key.includes(column)));
  const unique = !proven && statement.key?.enforced !== false;
  const list = given!.map(({ name }) => name).join(', ');
  const others = known.map((other) => `(${other.map((index) => rows.names[index]).join(', ')})`).join(', ');
  const notices: Notice[] = unique
    ? [
        {
          severity: 'NOTICE',
          sqlstate: '00000',
          message: `KEY (${list}) is not known to be unique: two rows with the same key will end the sink`,
          hint: others === '' ? undefined : `Known to be unique: ${others}.`,
        },
      ]
    : [];
  return { envelope: { kind, key, unique }, key, notices };
}

/** A column of the sink by its name. */
export function columnNamed(parsed: ParsedStatement, column: Identifier, names: readonly string[]): number {
  const index = names.indexOf(column.name);
  if (index >= 0) return index;
  const near = nearestName(column.name, names);
  throw new SqlError({
    sqlstate: '42703',
    message: `column "${column.name}" of the sink does not exist`,
    hint: near === undefined ? undefined : `Perhaps you meant "${near}".`,
    position: position(parsed, column.location),
  });
}

/** `ENVELOPE UPSERT (KEY (a, b))`, as SUBSCRIBE has it, or `(KEY a)`. */
function keyOption(parsed: ParsedStatement, options: readonly Option[]): Identifier[] | undefined {
  if (options.length === 0) return undefined;
  const [option] = options as [Option];
  const named = (value: Option['value']): Identifier[] | null =>
    value.kind === 'word'
      ? [{ name: value.name.parts.join('.'), location: value.name.location }]
      : value.kind === 'list'
        ? value.values.flatMap((item) => named(item) ?? [])
        : null;
  const key = option.name === 'key' && options.length === 1 ? named(option.value) : null;
  if (key === null || key.length === 0) {
    throw new SqlError({
      sqlstate: '22023',
      message: `option "${option.name}" of ENVELOPE is not understood`,
      hint: 'Write KEY (column, …) before FORMAT.',
      position: position(parsed, option.location),
    });
  }
  return key;
}
