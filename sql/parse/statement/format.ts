import type { Envelope, Format, FormatClause, IncludeItem, OnError } from '../../ast/format.ts';
import type { Option } from '../../ast/options.ts';
import { errorAt } from '../context.ts';
import type { Cursor } from '../cursor.ts';
import { parseOptions } from '../options.ts';

const ENCODINGS = ['json', 'csv', 'avro', 'protobuf', 'text', 'bytes', 'parquet', 'none'] as const;
/** RisingWave's word before ENCODE, and the envelope that it means. */
const PACKAGINGS: Readonly<Record<string, string>> = {
  plain: 'none',
  upsert: 'upsert',
  debezium: 'debezium',
  none: 'none',
};

/** FORMAT …, KEY FORMAT … VALUE FORMAT …, or RisingWave's FORMAT … ENCODE … with the envelope it implies. */
export function parseFormatClause(cursor: Cursor): { format: FormatClause; envelope?: Envelope } | undefined {
  if (cursor.eat('key', 'format')) {
    const key = parseEncoding(cursor);
    cursor.expect('value', 'format');
    return { format: { key, value: parseEncoding(cursor) } };
  }
  if (!cursor.eat('format')) return undefined;
  const word = cursor.peek();
  const packaging = word?.kind === 'word' ? PACKAGINGS[word.text] : undefined;
  if (packaging !== undefined && cursor.isAt(cursor.at + 1, 'encode')) {
    const envelope: Envelope = { name: packaging, options: [], location: cursor.location };
    cursor.at += 2;
    return { format: { value: parseEncoding(cursor) }, envelope };
  }
  return { format: { value: parseEncoding(cursor) } };
}

function parseEncoding(cursor: Cursor): Format {
  const location = cursor.location;
  const name = cursor.expectOneOf(ENCODINGS);
  let options: Option[] = [];
  // Before USING, where Materialize has it; among the options it means the same.
  if (name === 'protobuf' && cursor.is('message')) options.push(textOption(cursor, 'message', 'message'));
  if (cursor.isMark('(')) {
    options.push(...parseOptions(cursor));
  } else if (cursor.eat('using', 'schema', 'file')) {
    cursor.at--;
    options.push(textOption(cursor, 'schema_file', 'file'));
  } else if (cursor.eat('using', 'schema')) {
    cursor.at--;
    options.push(textOption(cursor, 'schema', 'schema'));
  } else if (cursor.eat('using', 'confluent', 'schema', 'registry')) {
    const start = cursor.location;
    cursor.expect('connection');
    const connection = cursor.qualifiedName('a connection');
    options.push({
      name: 'connection',
      value: { kind: 'word', name: connection },
      location: start,
      valueLocation: connection.location,
    });
    if (cursor.isMark('(')) options.push(...parseOptions(cursor));
  }
  return { name, options, location };
}

/** `WORD 'text'`, as an option. */
function textOption(cursor: Cursor, name: string, word: string): Option {
  const location = cursor.location;
  cursor.expect(word);
  const valueLocation = cursor.location;
  return { name, value: { kind: 'string', value: cursor.string(`the ${word}`) }, location, valueLocation };
}

const INCLUDED = [
  'key',
  'topic',
  'partition',
  'offset',
  'timestamp',
  'headers',
  'header',
  'path',
  'line',
] as const;

/** INCLUDE item [AS name], …. */
export function parseInclude(cursor: Cursor): IncludeItem[] {
  const items: IncludeItem[] = [];
  while (cursor.eat('include')) {
    do {
      const location = cursor.location;
      const item: IncludeItem = { item: cursor.expectOneOf(INCLUDED), location };
      if (item.item === 'header') {
        item.header = cursor.string("the header's name");
        item.bytes = cursor.eat('bytes');
      }
      if (cursor.eat('as')) item.alias = cursor.identifier();
      // Materialize's place for it.
      if (item.item === 'header' && cursor.eat('bytes')) item.bytes = true;
      items.push(item);
    } while (cursor.eatMark(','));
  }
  return items;
}

/** ENVELOPE name [(options)]. */
export function parseEnvelope<N extends string>(cursor: Cursor, names: readonly N[]): Envelope | undefined {
  if (!cursor.eat('envelope')) return undefined;
  const location = cursor.location;
  const name = cursor.expectOneOf(names);
  return { name, options: cursor.isMark('(') ? parseOptions(cursor) : [], location };
}

/** ON ERROR FAIL | INLINE | SKIP [INTO relation]. */
export function parseOnError(cursor: Cursor): OnError | undefined {
  if (!cursor.is('on', 'error')) return undefined;
  const location = cursor.location;
  cursor.at += 2;
  const policy = cursor.expectOneOf(['fail', 'inline', 'skip'] as const);
  if (!cursor.is('into')) return { policy, location };
  if (policy !== 'skip') throw errorAt(cursor.context, cursor.offset, 'only SKIP can write INTO a relation');
  cursor.at++;
  return { policy, into: cursor.qualifiedName('a relation'), location };
}
