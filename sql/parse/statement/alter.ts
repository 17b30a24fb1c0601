import type { Alter, AlterAction } from '../../ast/alter.ts';
import type { ObjectKind } from '../../ast/object-kind.ts';
import type { Cursor } from '../cursor.ts';
import { parseQuery } from '../extensions.ts';
import { parseOptionNames, parseOptions } from '../options.ts';
import { parseSecretValue } from './create-secret.ts';
import { eatObjectKind } from './object-kind.ts';

/** Kinds that PostgreSQL's grammar cannot alter. */
const OWN: readonly ObjectKind[] = ['source', 'sink', 'connection', 'secret'];

/** ALTER kind name action, from ALTER; undefined when it is PostgreSQL's own. */
export function parseAlter(cursor: Cursor): Alter | undefined {
  cursor.expect('alter');
  const objectKind = eatObjectKind(cursor);
  if (objectKind === undefined) return undefined;
  const own = OWN.includes(objectKind);
  if (!own && cursor.is('all')) return undefined;
  const ifExists = cursor.ifExists();
  // ALTER TABLE ONLY t, ALTER TABLE t * …: PostgreSQL's, whatever follows.
  if (!own && cursor.is('only')) return undefined;
  const name = cursor.qualifiedName();
  const action = parseAction(cursor, objectKind, own);
  if (action === undefined) {
    if (own || cursor.done)
      throw cursor.error(
        objectKind === 'secret' ? 'AS value' : 'RENAME TO, SET, RESET, OWNER TO, SET SCHEMA, PAUSE or RESUME',
      );
    return undefined;
  }
  cursor.expectEnd();
  return { kind: 'alter', objectKind, ifExists, name, action };
}

function parseAction(cursor: Cursor, objectKind: ObjectKind, own: boolean): AlterAction | undefined {
  if (cursor.eat('rename', 'to')) return { kind: 'rename', to: cursor.identifier('the new name') };
  if (cursor.is('rename', 'constraint')) return undefined;
  if (cursor.eat('rename')) {
    cursor.eat('column');
    const column = cursor.identifier('a column');
    cursor.expect('to');
    return { kind: 'rename_column', column, to: cursor.identifier('the new name') };
  }
  if (cursor.eat('set', 'schema')) return { kind: 'set_schema', schema: cursor.identifier('a schema') };
  if (cursor.is('set') && cursor.isMark('(', 1)) {
    cursor.at++;
    return { kind: 'set_options', options: parseOptions(cursor) };
  }
  if (cursor.is('reset') && cursor.isMark('(', 1)) {
    cursor.at++;
    return { kind: 'reset_options', names: parseOptionNames(cursor) };
  }
  if (cursor.eat('owner', 'to')) return { kind: 'owner_to', role: cursor.label('a role') };
  if (cursor.eat('swap', 'with')) return { kind: 'swap_with', other: cursor.qualifiedName() };
  const location = cursor.location;
  if ((own || objectKind === 'materialized view') && cursor.eat('pause')) return { kind: 'pause', location };
  if ((own || objectKind === 'materialized view') && cursor.eat('resume'))
    return { kind: 'resume', location };
  if (cursor.is('as') && (objectKind === 'materialized view' || objectKind === 'view')) {
    cursor.at++;
    const query = parseQuery(cursor.slice(cursor.at, cursor.end));
    cursor.at = cursor.end;
    return { kind: 'as_query', query };
  }
  if (objectKind === 'secret' && cursor.eat('as')) {
    const value = parseSecretValue(cursor);
    return { kind: 'as_value', value };
  }
  if (own && cursor.eat('add', 'table')) {
    const table = cursor.qualifiedName('a table');
    return cursor.eat('as')
      ? { kind: 'add_table', table, alias: cursor.qualifiedName() }
      : { kind: 'add_table', table };
  }
  if (own && cursor.eat('drop', 'table'))
    return { kind: 'drop_table', table: cursor.qualifiedName('a table') };
  return undefined;
}
