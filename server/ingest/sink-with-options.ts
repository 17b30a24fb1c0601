/** RisingWave's `CREATE SINK … WITH (connector = '…', …)`: its options in ours. */
import type { CreateSink } from '../../sql/ast/create-sink.ts';
import type { Identifier } from '../../sql/ast/name.ts';
import type { Option } from '../../sql/ast/options.ts';
import { SqlError } from '../../sql/error.ts';
import { optionText } from './with-options.ts';

/** Names of options that are the sink's own with us. */
const OWN = ['snapshot', 'retain_history'];
/** What `properties.…` of the producer is with us. */
const PRODUCER: Readonly<Record<string, string>> = {
  'properties.compression.codec': 'compression_type',
  'properties.compression.type': 'compression_type',
};

/** The statement as it would be written with INTO. */
export function translateSinkWith(statement: CreateSink): CreateSink {
  if (!statement.connectorInWith) return statement;
  let { key, envelope } = statement;
  const options: Option[] = [];
  const own: Option[] = [];
  for (const option of statement.options) {
    switch (option.name) {
      case 'primary_key':
        key ??= { columns: columnsOf(option), enforced: true, location: option.valueLocation };
        break;
      case 'type':
        envelope ??= { name: envelopeOf(option), options: [], location: option.valueLocation };
        break;
      default:
        (OWN.includes(option.name) ? own : options).push(translated(option));
    }
  }
  return {
    ...statement,
    ...(key === undefined ? {} : { key }),
    ...(envelope === undefined ? {} : { envelope }),
    options,
    with: own,
  };
}

function columnsOf(option: Option): Identifier[] {
  return optionText(option.value)
    .split(',')
    .map((name) => ({ name: name.trim(), location: option.valueLocation }));
}

function envelopeOf(option: Option): string {
  const type = optionText(option.value);
  return type === 'append-only' ? 'append' : type;
}

/** What says where the cluster is belongs to a connection. */
function translated(option: Option): Option {
  const name = PRODUCER[option.name];
  if (name !== undefined) return { ...option, name };
  if (!option.name.startsWith('properties.')) return option;
  throw new SqlError({
    sqlstate: '0A000',
    message: `option "${option.name}" is not supported`,
    hint: "CREATE CONNECTION c TO KAFKA (BROKERS '…'), then WITH (connector = 'kafka', connection = c, …).",
  });
}
