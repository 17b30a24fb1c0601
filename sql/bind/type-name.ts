import { typesElsewhere } from './elsewhere.ts';
import type { TypeName as TypeNameNode } from '@pgsql/types';
import { constantOf, nodeAs, typeReference } from '../ast/accessors.ts';
import { displayType } from '../types/format.ts';
import { arrayType, findType, plain } from '../types/table.ts';
import { isModifierError, withModifier } from '../types/typmod.ts';
import type { SqlType } from '../types/type.ts';
import { pseudoTypeNamed } from './pseudo-type.ts';
import { bindRowType } from './row-type.ts';
import type { Statement } from './statement.ts';

/** Types that PostgreSQL has and Tidewire does not: named in the refusal, unlike a name that nobody knows. */
const foreign = new Set(
  `bit varbit box circle line lseg path point polygon cidr inet macaddr macaddr8 money pg_lsn
   pg_snapshot timetz tsquery tsvector txid_snapshot xml
   regconfig regdictionary xid cid tid xid8 refcursor`
    .trim()
    .split(/\s+/),
);

/** The type that a TypeName means, its modifier included. */
export function bindTypeName(statement: Statement, node: TypeNameNode): SqlType {
  const reference = typeReference(node);
  const at = reference.location;
  const name = reference.names[reference.names.length - 1]!;
  if (reference.setof) throw statement.error('42P13', 'type modifier SETOF is not allowed here', at);
  if (node.pct_type === true) throw statement.unsupported('%TYPE', at);
  const schema = reference.names.length > 1 ? reference.names[reference.names.length - 2]! : null;
  const builtIn = schema === null || schema === 'pg_catalog' ? findType(name) : undefined;
  const place = statement.placeOf(at);
  const type = builtIn ?? statement.environment.catalog.findType(schema, name, place) ?? undefined;
  if (type === undefined && statement.environment.catalog.findDomain(schema, name, place) !== null) {
    throw statement.unsupported(`domain ${name} in this place`, at, 'Write the type that it is over.');
  }
  if (type === undefined || type === 'unknown') {
    const pseudo = pseudoTypeNamed(node);
    const isForeign = (schema === null || schema === 'pg_catalog') && foreign.has(name);
    if (pseudo !== null || isForeign) {
      throw statement.unsupported(`type ${pseudo ?? name}`, at, typesElsewhere.get(pseudo ?? name));
    }
    if (schema !== null && schema !== 'pg_catalog' && !statement.environment.catalog.hasSchema(schema)) {
      throw statement.error('3F000', `schema "${schema}" does not exist`, at);
    }
    const row = bindRowType(statement, node);
    if (row !== null) return plain(row.type);
    const dimensions = '[]'.repeat(reference.arrayBounds.length > 0 ? 1 : 0);
    const hint = typesElsewhere.get(reference.names.at(-1) ?? '');
    const message = `type "${reference.names.join('.')}${dimensions}" does not exist`;
    throw statement.error('42704', message, at, hint === undefined ? {} : { hint });
  }
  if (reference.arrayBounds.length > 0) {
    const element = bindTypeName(statement, { ...node, arrayBounds: [] });
    const array = arrayType(element.name);
    if (array === null) throw statement.unsupported(`arrays of type ${displayType(element.name)}`, at);
    return element.typmod === -1 ? plain(array) : { name: array, typmod: element.typmod };
  }
  if (reference.typmods.length === 0) return plain(type);
  const modifiers = reference.typmods.map((modifier) => {
    const constant = nodeAs(modifier, 'A_Const');
    const value = constant === undefined ? undefined : constantOf(constant);
    if (value?.kind === 'integer') return value.value;
    throw statement.error('42601', 'type modifiers must be simple constants or identifiers', at);
  });
  const outcome = withModifier(type, modifiers);
  if (isModifierError(outcome)) throw statement.error(outcome.sqlstate, outcome.message, at);
  return outcome;
}

/** How many dimensions an array's type is written with, to be kept of what is declared: 0, and none, for `_int4`. */
export function declaredDimensions({ arrayBounds = [] }: TypeNameNode): { readonly dimensions?: number } {
  return arrayBounds.length === 0 ? {} : { dimensions: arrayBounds.length };
}
