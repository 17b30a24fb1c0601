/** Names in FROM: which columns a reference can mean (PostgreSQL's parse_relation). */
import type { HirScalar } from '../hir.ts';
import { mapColumns } from './scalar.ts';
import type { Statement } from './statement.ts';

/** A column that a FROM item offers. */
export interface ScopeColumn {
  readonly name: string;
  /** Over the columns of the whole FROM clause so far. */
  readonly scalar: HirScalar;
}

/** An entry of FROM, or the outcome of a JOIN. */
export interface ScopeItem {
  /** The alias or relation's name; null for an unnamed join. */
  readonly name: string | null;
  /** The schema, when the relation stands without alias: `public.t.a` is then allowed. */
  readonly schema: string | null;
  /** The relation's own name where an alias hides it, for hints. */
  readonly relation?: string;
  readonly columns: readonly ScopeColumn[];
  /** Whether `name.column` finds it. */
  readonly byName: boolean;
  /** Whether an unqualified `column` (and `*`) finds it. */
  readonly byColumn: boolean;
  /** The columns of its primary key, for functional dependency; absent where there is none. */
  readonly primaryKey?: readonly number[];
}

/** What the expressions of one query level can refer to. */
export interface Scope {
  readonly items: readonly ScopeItem[];
  readonly outer: Scope | null;
}

export const emptyScope: Scope = { items: [], outer: null };

/** The items with their columns moved by `offset`, and made nullable where an outer join does that. */
export function shiftItems(items: readonly ScopeItem[], offset: number, nullable: boolean): ScopeItem[] {
  if (offset === 0 && !nullable) return [...items];
  return items.map((item) => ({
    ...item,
    columns: item.columns.map((column) => ({ ...column, scalar: shift(column.scalar, offset, nullable) })),
  }));
}

function shift(scalar: HirScalar, offset: number, nullable: boolean): HirScalar {
  return mapColumns(scalar, (column) => ({
    ...column,
    index: column.index + offset,
    type: nullable ? { ...column.type, nullable: true } : column.type,
  }));
}

interface Found {
  readonly item: ScopeItem;
  readonly column: ScopeColumn;
}

/** Resolves `parts` (`[column]`, `[relation, column]`, `[schema, relation, column]`). */
export function resolveColumn(
  statement: Statement,
  scope: Scope,
  parts: readonly string[],
  at: number | undefined,
): HirScalar {
  const name = parts[parts.length - 1]!;
  const found =
    parts.length === 1 ? unqualified(statement, scope, name, at) : qualified(statement, scope, parts, at);
  // A node of its own for each reference: messages want to know where it stood.
  const scalar = { ...found.column.scalar };
  const qualifiedName = found.item.name === null ? name : `${found.item.name}.${name}`;
  statement.origins.set(scalar, { at, qualified: qualifiedName });
  return scalar;
}

function unqualified(statement: Statement, scope: Scope, name: string, at: number | undefined): Found {
  const own = matches(statement, scope, name, at);
  if (own !== null) return own;
  for (let outer = scope.outer; outer !== null; outer = outer.outer) {
    if (matches(statement, outer, name, at) !== null) throw correlated(statement, name, at);
  }
  if (scope.items.some((item) => item.byName && item.name === name)) {
    throw statement.unsupported('whole-row references', at, 'Name the columns instead.');
  }
  throw statement.error('42703', `column "${name}" does not exist`, at, suggestion(scope, null, name));
}

function matches(statement: Statement, scope: Scope, name: string, at: number | undefined): Found | null {
  let found: Found | null = null;
  for (const item of scope.items) {
    if (!item.byColumn) continue;
    for (const column of item.columns) {
      if (column.name !== name) continue;
      if (found !== null) throw statement.error('42702', `column reference "${name}" is ambiguous`, at);
      found = { item, column };
    }
  }
  return found;
}

function qualified(
  statement: Statement,
  scope: Scope,
  parts: readonly string[],
  at: number | undefined,
): Found {
  const name = parts[parts.length - 1]!;
  const item = findItem(statement, scope, parts.slice(0, -1), at);
  const columns = item.columns.filter((column) => column.name === name);
  if (columns.length > 1) throw statement.error('42702', `column reference "${name}" is ambiguous`, at);
  if (columns.length === 1) return { item, column: columns[0]! };
  const relation = parts[parts.length - 2]!;
  throw statement.error(
    '42703',
    `column ${relation}.${name} does not exist`,
    at,
    suggestion(scope, relation, name),
  );
}

/** The FROM item that `[relation]` or `[schema, relation]` names. */
export function findItem(
  statement: Statement,
  scope: Scope,
  parts: readonly string[],
  at: number | undefined,
): ScopeItem {
  const relation = parts[parts.length - 1]!;
  if (parts.length > 3) {
    throw statement.error('42601', `improper qualified name (too many dotted names): ${parts.join('.')}`, at);
  }
  const own = named(scope, parts);
  if (own !== undefined) return own;
  for (let outer = scope.outer; outer !== null; outer = outer.outer) {
    if (named(outer, parts) !== undefined) throw correlated(statement, relation, at);
  }
  if (scope.items.some((item) => item.name === relation)) {
    const aliased = scope.items.find((item) => item.name === relation)!;
    throw statement.error('42P01', `invalid reference to FROM-clause entry for table "${relation}"`, at, {
      detail: `There is an entry for table "${aliased.name}", but it cannot be referenced from this part of the query.`,
    });
  }
  const behindAlias =
    parts.length === 1 ? scope.items.find((item) => item.byName && item.relation === relation) : undefined;
  if (behindAlias !== undefined) {
    throw statement.error('42P01', `invalid reference to FROM-clause entry for table "${relation}"`, at, {
      hint: `Perhaps you meant to reference the table alias "${behindAlias.name}".`,
    });
  }
  throw statement.error('42P01', `missing FROM-clause entry for table "${relation}"`, at);
}

function named(scope: Scope, parts: readonly string[]): ScopeItem | undefined {
  const relation = parts[parts.length - 1]!;
  const schema = parts.length > 1 ? parts[parts.length - 2]! : null;
  return scope.items.find(
    (item) => item.byName && item.name === relation && (schema === null || item.schema === schema),
  );
}

function correlated(statement: Statement, name: string, at: number | undefined): Error {
  return statement.error(
    '0A000',
    `correlated subqueries are not supported: "${name}" belongs to the outer query`,
    at,
    {
      hint: 'Write the subquery as a join.',
    },
  );
}

/** The columns that `*` stands for. */
export function allColumns(scope: Scope): readonly ScopeColumn[] {
  return scope.items.filter((item) => item.byColumn).flatMap((item) => item.columns);
}

/** PostgreSQL's hint for a column that is not there: the nearest one or two names, at most half of the name away. */
function suggestion(scope: Scope, relation: string | null, name: string): { hint?: string } {
  let best = 4;
  let names: string[] = [];
  for (const item of scope.items) {
    if (item.name === null) continue;
    for (const column of item.columns) {
      const penalty = relation === null ? 0 : Math.min(levenshtein(relation, item.name), 3);
      const distance = penalty + levenshtein(name, column.name);
      if (distance > best || distance > Math.floor(name.length / 2) + penalty) continue;
      if (distance < best) {
        best = distance;
        names = [];
      }
      names.push(`"${item.name}.${column.name}"`);
    }
  }
  if (best > 3 || names.length === 0 || names.length > 2) return {};
  return { hint: `Perhaps you meant to reference the column ${names.join(' or the column ')}.` };
}

function levenshtein(from: string, to: string): number {
  let last = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const change = last[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      row.push(Math.min(change, last[j]! + 1, row[j - 1]! + 1));
    }
    last = row;
  }
  return last[to.length]!;
}

/** An item for a relation whose columns begin at 0. */
export function itemFor(
  name: string | null,
  schema: string | null,
  columns: readonly { readonly name: string; readonly scalar: HirScalar }[],
  primaryKey?: readonly number[],
): ScopeItem {
  return {
    name,
    schema,
    columns,
    byName: name !== null,
    byColumn: true,
    ...(primaryKey ? { primaryKey } : {}),
  };
}
