import type { CreateTableFromSource } from '../../ast/create-table-from-source.ts';
import type { CreateSource } from '../../ast/create-source.ts';
import type { Cursor } from '../cursor.ts';
import { parseOptions } from '../options.ts';
import { parseCreateSource } from './create-source.ts';
import { parseTableElements } from './table-element.ts';

/**
 * CREATE TABLE, from behind TABLE, in the forms that declare a source; undefined when it is PostgreSQL's own.
 */
export function parseCreateTable(cursor: Cursor): CreateSource | CreateTableFromSource | undefined {
  const start = cursor.at;
  const probe = cursor.slice(start, cursor.end);
  probe.ifNotExists();
  probe.qualifiedName('a name');
  let watermark = false;
  if (probe.isMark('(')) {
    const close = probe.closing(probe.at);
    watermark = probe.find((i) => probe.isAt(i, 'watermark', 'for'), probe.at + 1) < close;
    probe.at = close + 1;
  }
  if (probe.is('from')) return parseFromSource(cursor);
  const own =
    watermark ||
    probe.is('append', 'only') ||
    probe.is('include') ||
    probe.is('format') ||
    (probe.is('with') && hasConnector(probe));
  return own ? parseCreateSource(cursor, true) : undefined;
}

function hasConnector(cursor: Cursor): boolean {
  if (!cursor.isMark('(', 1)) return false;
  const close = cursor.closing(cursor.at + 1);
  for (let i = cursor.at + 2; i < close; i++) {
    const word = cursor.tokens[i]!;
    const before = cursor.tokens[i - 1]!.text;
    if (word.kind === 'word' && word.text === 'connector' && (before === '(' || before === ',')) return true;
  }
  return false;
}

function parseFromSource(cursor: Cursor): CreateTableFromSource {
  const ifNotExists = cursor.ifNotExists();
  const name = cursor.qualifiedName();
  const elements = cursor.isMark('(') ? parseTableElements(cursor) : undefined;
  cursor.expect('from');
  if (!cursor.eat('source')) {
    // RisingWave: FROM source TABLE 'upstream'.
    const source = cursor.qualifiedName('a source');
    cursor.expect('table');
    const referenceLocation = cursor.location;
    const reference = [cursor.string("the upstream table's name")];
    cursor.expectEnd();
    return {
      kind: 'create_table_from_source',
      ifNotExists,
      name,
      elements,
      source,
      reference,
      referenceLocation,
      options: [],
    };
  }
  const source = cursor.qualifiedName('a source');
  const options = parseOptions(cursor);
  cursor.expectEnd();
  const reference = options.find((option) => option.name === 'reference');
  const parts =
    reference?.value.kind === 'word'
      ? reference.value.name.parts
      : reference?.value.kind === 'string'
        ? [reference.value.value]
        : undefined;
  if (reference === undefined || parts === undefined) throw cursor.error('(REFERENCE upstream table)');
  return {
    kind: 'create_table_from_source',
    ifNotExists,
    name,
    elements,
    source,
    reference: parts,
    referenceLocation: reference.valueLocation,
    options: options.filter((option) => option !== reference),
  };
}
