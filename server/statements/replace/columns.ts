/** Which columns a view may have in the place of those that others know. */
import { nameParts } from '../../../sql/ast/accessors.ts';
import { parse } from '../../../sql/parse/parse.ts';
import type { CatalogColumn } from '../../../sql/catalog.ts';
import { SqlError } from '../../../sql/error.ts';
import { formatType } from '../../../sql/types/format.ts';
import { type CatalogObject, kindName } from '../../catalog/objects.ts';
import type { System } from '../../system.ts';

interface Relation {
  readonly id: number;
  readonly name: string;
  readonly kind: 'view' | 'materializedView';
  readonly columns: readonly CatalogColumn[];
}

/** PostgreSQL's rule: a replaced view keeps its columns and may get more at the end. */
export function refuseChangedColumns({ catalog }: System, before: Relation, after: Relation): void {
  const typeOf = ({ type, domain }: CatalogColumn): string =>
    domain === undefined ? formatType(type) : catalog.object(domain).name;
  const invalid = (message: string, hint?: string): SqlError =>
    new SqlError({ sqlstate: '42P16', message, hint });
  if (after.columns.length < before.columns.length) throw invalid('cannot drop columns from view');
  before.columns.forEach((column, index) => {
    const replacement = after.columns[index]!;
    if (replacement.name !== column.name) {
      throw invalid(
        `cannot change name of view column "${column.name}" to "${replacement.name}"`,
        'Use ALTER VIEW ... RENAME COLUMN ... to change name of view column instead.',
      );
    }
    const { name, typmod } = column.type;
    const isSame = replacement.type.name === name && replacement.type.typmod === typmod;
    if (!isSame || replacement.domain !== column.domain) {
      throw invalid(
        `cannot change data type of view column "${column.name}" from ${typeOf(column)} to ${typeOf(replacement)}`,
      );
    }
  });
}

/**
 * Definitions are kept as text: where one reads all columns of the view, whatever they are, or calls something by the
 * name of a new one, another column would change it.
 */
export function refuseUnseenColumns(system: System, before: Relation, after: Relation): void {
  const added = after.columns.slice(before.columns.length).map(({ name }) => name);
  if (added.length === 0) return;
  const reader = system.catalog
    .dependents(before.id)
    .find((dependent) => 'query' in dependent && wouldSee(dependent.query, added));
  if (!reader) return;
  throw new SqlError({
    sqlstate: '0A000',
    message: `cannot add column "${added[0]}" to ${kindName(before.kind)} "${before.name}" because ${described(reader)} would change with it`,
    detail: `Its definition has *, NATURAL or the name "${added[0]}".`,
    hint: `Drop ${described(reader)} first, and create it again afterwards.`,
  });
}

function described(object: CatalogObject): string {
  return `${kindName(object.kind)} ${object.name}`;
}

function wouldSee(query: string, added: readonly string[]): boolean {
  let seen = false;
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(walk);
    else if (value !== null && typeof value === 'object') {
      for (const [key, child] of Object.entries(value)) {
        if (key === 'isNatural' && child === true) seen = true;
        if (key === 'ColumnRef') {
          const parts = nameParts((child as { fields?: never }).fields);
          if (parts.some((part) => part === '*' || added.includes(part))) seen = true;
        }
        walk(child);
      }
    }
  };
  walk(parse(query)[0]?.statement);
  return seen;
}
