/** Types that values are never stored as: they stand in signatures, and nothing has a column of one. */
import type { TypeName as TypeNameNode } from '@pgsql/types';
import { typeReference } from '../ast/accessors.ts';
import { quoteIdentifier } from '../functions/quote.ts';
import { polymorphicTypes } from '../types/polymorphic-names.ts';
import type { Statement } from './statement.ts';

const arrays: ReadonlySet<string> = new Set(['record', 'cstring']);
const pseudoTypes: ReadonlySet<string> = new Set([
  ...polymorphicTypes,
  ...arrays,
  ...['any', 'void', 'unknown', 'internal', 'trigger', 'event_trigger', 'pg_ddl_command'],
  ...['language_handler', 'fdw_handler', 'index_am_handler', 'table_am_handler', 'tsm_handler'],
]);

/** The pseudo-type that a name means where no type of one's own has it, as messages show it; null for another type. */
export function pseudoTypeNamed(node: TypeNameNode): string | null {
  const { names, arrayBounds } = typeReference(node);
  const name = names.at(-1)!;
  const isBuiltIn = names.length === 1 || (names.length === 2 && names[0] === 'pg_catalog');
  if (!isBuiltIn || !pseudoTypes.has(name)) return null;
  if (arrayBounds.length > 0) return arrays.has(name) ? `${name}[]` : null;
  return name === 'any' ? quoteIdentifier(name) : name;
}

/** Refuses a column whose type is none that columns have. */
export function refusePseudoColumn(statement: Statement, column: string, type: TypeNameNode): void {
  const pseudo = pseudoTypeNamed(type);
  if (pseudo !== null) throw statement.error('42P16', `column "${column}" has pseudo-type ${pseudo}`);
}
