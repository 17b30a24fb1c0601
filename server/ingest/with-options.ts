/**
 * RisingWave's `WITH (connector = '…', …)`: its option names in ours. A name that is ours already stays, and what
 * neither knows is refused where options are checked.
 */
import type { Option, OptionValue } from '../../sql/ast/options.ts';
import type { Format } from '../../sql/ast/format.ts';
import { SqlError } from '../../sql/error.ts';

/** What `WITH` said of a source. */
export interface TranslatedOptions {
  readonly options: readonly Option[];
  /** `nexmark.table.type`: the one table that the source is. */
  readonly table: Option | null;
}

/** The text of an option's value. */
export function optionText(value: OptionValue): string {
  if (value.kind === 'word') return value.name.parts.join('.');
  return 'value' in value ? String(value.value) : '';
}

const text = (value: string): OptionValue => ({ kind: 'string', value });

export function translateWith(connector: string, given: readonly Option[]): TranslatedOptions {
  switch (connector) {
    case 'file':
      return { options: fileOptions(given), table: null };
    case 'generator nexmark':
      return nexmarkOptions(given);
    case 'kafka':
      // Reading has no consumer group.
      return {
        options: given.filter(({ name }) => name !== 'group.id.prefix').map(kafkaOption),
        table: null,
      };
    default:
      return { options: given, table: null };
  }
}

/** `posix_fs.root` and `match_pattern` are a path; RisingWave goes on with new files and never takes rows back. */
function fileOptions(given: readonly Option[]): Option[] {
  const root = given.find(({ name }) => name === 'posix_fs.root');
  if (root === undefined) return [...given];
  const pattern = given.find(({ name }) => name === 'match_pattern');
  const directory = optionText(root.value);
  const path =
    pattern === undefined ? directory : `${directory.replace(/\/+$/, '')}/${optionText(pattern.value)}`;
  const rest = given.filter((option) => option !== root && option !== pattern);
  const added: Option[] = [{ ...root, name: 'path', value: text(path) }];
  const has = (name: string): boolean => rest.some((option) => option.name === name);
  if (!has('follow')) added.push({ ...root, name: 'follow', value: { kind: 'flag' } });
  if (!has('on_delete')) added.push({ ...root, name: 'on_delete', value: text('keep') });
  return [...added, ...rest];
}

/** RisingWave's names of Kafka's options. What says where the cluster is belongs to a connection. */
const KAFKA: Readonly<Record<string, string>> = {
  'scan.startup.mode': 'start',
  'scan.startup.timestamp.millis': 'start_timestamp',
};

function kafkaOption(option: Option): Option {
  if (option.name.startsWith('properties.')) {
    throw new SqlError({
      sqlstate: '0A000',
      message: `option "${option.name}" is not supported`,
      hint: "CREATE CONNECTION c TO KAFKA (BROKERS '…'), then WITH (connector = 'kafka', connection = c, …).",
    });
  }
  return { ...option, name: KAFKA[option.name] ?? option.name };
}

function nexmarkOptions(given: readonly Option[]): TranslatedOptions {
  let table: Option | null = null;
  const options = given.flatMap((option): Option[] => {
    switch (option.name) {
      case 'nexmark.table.type':
        table = option;
        return [];
      case 'nexmark.event.num':
        return [{ ...option, name: 'events' }];
      case 'nexmark.min.event.gap.in.ns': {
        const gap = Number(optionText(option.value));
        // No gap: as fast as it goes.
        if (gap === 0) return [];
        const rate = Math.max(1, Math.round(1e9 / gap));
        return [{ ...option, name: 'rate', value: { kind: 'number', value: String(rate) } }];
      }
      case 'nexmark.split.num':
        // The events are the same however many splits make them.
        return [];
      default:
        return [option];
    }
  });
  return { options, table };
}

/** `ENCODE CSV (without_header = …)`: our HEADER, the other way round. */
export function translateFormat(format: Format | undefined): Format | undefined {
  if (format?.name === 'avro' || format?.name === 'protobuf') return schemaFormat(format);
  if (format?.name !== 'csv') return format;
  const options = format.options.map((option): Option => {
    if (option.name !== 'without_header') return option;
    const without = option.value.kind === 'flag' || /^(true|t|on|yes|1)$/i.test(optionText(option.value));
    return { ...option, name: 'header', value: text(without ? 'false' : 'true') };
  });
  return { ...format, options };
}

/** RisingWave's `schema.location` is a file here; where a registry is belongs to a connection. */
function schemaFormat(format: Format): Format {
  const options = format.options.map((option): Option => {
    if (option.name.startsWith('schema.registry')) {
      throw new SqlError({
        sqlstate: '0A000',
        message: `option "${option.name}" is not supported`,
        hint: `CREATE CONNECTION r TO CONFLUENT SCHEMA REGISTRY (URL '…'), then ENCODE ${format.name.toUpperCase()} (connection = r).`,
      });
    }
    if (option.name !== 'schema.location') return option;
    const path = optionText(option.value).replace(/^file:\/\//, '');
    return { ...option, name: 'schema_file', value: text(path) };
  });
  return { ...format, options };
}
