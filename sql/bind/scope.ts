/** Names in FROM: which columns a reference can mean (PostgreSQL's parse_relation). */
import type { CatalogColumn, ObjectId } from '../catalog.ts';
import type { HirScalar } from '../hir.ts';
import { liftScalar } from '../hir/traverse.ts';
import type { AggregateCollector, Clause } from './context.ts';
import { wholeRow } from './record.ts';
import type { TypeName } from '../types/type.ts';
import { asNullable, mapColumns } from './scalar.ts';
import type { Statement } from './statement.ts';

/** A column that a FROM item offers. */
export interface ScopeColumn {
  readonly name: string;
  /** Over the columns of the whole FROM clause so far. */
  readonly scalar: HirScalar;
  /** The domain that its values are of. */
  readonly domain?: ObjectId | undefined;
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
  /** A function that gives single values: its name stands for the value as its column's does. */
  readonly isValue?: boolean;
  /** The catalog's relation that it is: `tableoid`. */
  readonly object?: ObjectId;
  /** The composite type that its rows are of. */
  readonly rowType?: () => TypeName;
  /** An outer join can leave it without a row. */
  readonly mayBeMissing?: boolean;
  /** The columns of its primary key, for functional dependency; absent where there is none. */
  readonly primaryKey?: readonly number[];
}

/** Where an expression stands that a subquery is part of: an aggregate in the subquery may belong to it. */
export interface AggregateSite {
  readonly clause: Clause;
  readonly collector: AggregateCollector | null;
  readonly insideAggregate: boolean;
}

/** What the expressions of one query level can refer to. Each step to `outer` is a level of correlation. */
export interface Scope {
  readonly items: readonly ScopeItem[];
  readonly outer: Scope | null;
  /** Set in the scope around a subquery. */
  readonly site?: AggregateSite;
  /**
   * The left side of a join, seen from its right: only LATERAL subqueries and functions may refer to it (`seen`), those
   * of RIGHT and FULL joins neither (`refused`).
   */
  readonly lateral?: 'seen' | 'hidden' | 'refused';
  /** What merge_action() is, where it may be called. */
  readonly mergeAction?: HirScalar;
}

export const emptyScope: Scope = { items: [], outer: null };

/** The items with their columns moved by `offset`, and made nullable where an outer join does that. */
export function shiftItems(items: readonly ScopeItem[], offset: number, nullable: boolean): ScopeItem[] {
  if (offset === 0 && !nullable) return [...items];
  return items.map((item) => ({
    ...item,
    ...(nullable ? { mayBeMissing: true } : {}),
    columns: item.columns.map((column) => ({ ...column, scalar: shift(column.scalar, offset, nullable) })),
  }));
}

function shift(scalar: HirScalar, offset: number, nullable: boolean): HirScalar {
  return mapColumns(scalar, (column) => ({
    ...column,
    index: column.index + offset,
    type: nullable ? asNullable(column.type) : column.type,
  }));
}

interface Found {
  readonly item: ScopeItem;
  readonly column: ScopeColumn;
  readonly level: number;
}

/** What is the same for every row. */
interface Constant {
  readonly constant: HirScalar;
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
  if ('constant' in found) return found.constant;
  // A node of its own for each reference: messages want to know where it stood.
  const scalar = { ...liftScalar(found.column.scalar, found.level) };
  const qualifiedName = found.item.name === null ? name : `${found.item.name}.${name}`;
  statement.origins.set(scalar, { at, qualified: qualifiedName });
  const { domain } = found.column;
  return domain === undefined ? scalar : statement.ofDomain(scalar, domain);
}

/** A system column: the oid of the relation that a row is of. */
function tableOid(item: ScopeItem): Constant {
  return { constant: { kind: 'literal', type: { name: 'oid', typmod: -1 }, text: String(item.object!) } };
}

function unqualified(
  statement: Statement,
  scope: Scope,
  name: string,
  at: number | undefined,
): Found | Constant {
  let level = 0;
  for (let around: Scope | null = scope; around !== null; around = around.outer) {
    const found = around.lateral === 'hidden' ? null : matches(statement, around, name, at);
    if (found !== null) {
      if (around.lateral === 'refused') throw notLateral(statement, found.item.name ?? name, at);
      return { ...found, level };
    }
    level += 1;
  }
  if (name === 'tableoid') {
    const relations = scope.items.filter(({ object }) => object !== undefined);
    if (relations.length > 1) throw statement.error('42702', 'column reference "tableoid" is ambiguous', at);
    if (relations.length === 1) return tableOid(relations[0]!);
  }
  level = 0;
  for (let around: Scope | null = scope; around !== null; around = around.outer) {
    const item = around.items.find((candidate) => candidate.byName && candidate.name === name);
    if (item?.isValue === true && around.lateral !== 'hidden')
      return { item, column: item.columns[0]!, level };
    if (item !== undefined && around.lateral !== 'hidden') {
      return { item, column: { name, scalar: wholeRow(item) }, level };
    }
    level += 1;
  }
  const hidden = hiddenScopes(scope).find((around) => matches(statement, around, name, at) !== null);
  if (hidden !== undefined) {
    const { item } = matches(statement, hidden, name, at)!;
    throw statement.error('42703', `column "${name}" does not exist`, at, {
      detail: `There is a column named "${name}" in table "${item.name}", but it cannot be referenced from this part of the query.`,
      hint: 'To reference that column, you must mark this subquery with LATERAL.',
    });
  }
  if (scope.items.some(({ object }) => object !== undefined)) refuseSystemColumn(statement, name, at);
  throw statement.error('42703', `column "${name}" does not exist`, at, suggestion(scope, null, name));
}

/** Columns that PostgreSQL's rows have of where and by whom they were written. */
const SYSTEM_COLUMNS: ReadonlySet<string> = new Set(['ctid', 'xmin', 'xmax', 'cmin', 'cmax']);

function refuseSystemColumn(statement: Statement, name: string, at: number | undefined): void {
  if (!SYSTEM_COLUMNS.has(name)) return;
  const hint =
    name === 'xmax'
      ? 'In RETURNING, old is NULL for a row that was inserted: RETURNING old IS NULL.'
      : undefined;
  throw statement.unsupported(`system column ${name}`, at, hint);
}

function hiddenScopes(scope: Scope): Scope[] {
  const hidden: Scope[] = [];
  for (let around: Scope | null = scope; around !== null; around = around.outer) {
    if (around.lateral === 'hidden') hidden.push(around);
  }
  return hidden;
}

function notLateral(statement: Statement, relation: string, at: number | undefined): Error {
  return statement.error('42P10', `invalid reference to FROM-clause entry for table "${relation}"`, at, {
    detail: 'The combining JOIN type must be INNER or LEFT for a LATERAL reference.',
  });
}

function matches(
  statement: Statement,
  scope: Scope,
  name: string,
  at: number | undefined,
): Omit<Found, 'level'> | null {
  let found: Omit<Found, 'level'> | null = null;
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
): Found | Constant {
  const name = parts[parts.length - 1]!;
  if (parts.length === 4 && parts[0] !== statement.environment.catalog.database) {
    const message = `cross-database references are not implemented: ${parts.join('.')}`;
    throw statement.error('0A000', message, at);
  }
  const { item, level } = findItem(statement, scope, parts.slice(0, -1), at, name);
  const columns = item.columns.filter((column) => column.name === name);
  if (columns.length > 1) throw statement.error('42702', `column reference "${name}" is ambiguous`, at);
  if (columns.length === 1) return { item, column: columns[0]!, level };
  if (name === 'tableoid' && item.object !== undefined) return tableOid(item);
  if (item.object !== undefined) refuseSystemColumn(statement, name, at);
  const relation = parts[parts.length - 2]!;
  throw statement.error(
    '42703',
    `column ${relation}.${name} does not exist`,
    at,
    suggestion(scope, relation, name),
  );
}

/** The FROM item that `[relation]` or `[schema, relation]` names, and whose row it is part of. */
export function findItem(
  statement: Statement,
  scope: Scope,
  parts: readonly string[],
  at: number | undefined,
  column?: string,
): { readonly item: ScopeItem; readonly level: number } {
  const relation = parts[parts.length - 1]!;
  if (parts.length > 3) {
    const written = [...parts, ...(column === undefined ? [] : [column])].join('.');
    throw statement.error('42601', `improper qualified name (too many dotted names): ${written}`, at);
  }
  let level = 0;
  for (let around: Scope | null = scope; around !== null; around = around.outer) {
    const [item, second] = around.lateral === 'hidden' ? [] : allNamed(around, parts);
    if (item !== undefined) {
      if (second !== undefined)
        throw statement.error('42P09', `table reference "${relation}" is ambiguous`, at);
      if (around.lateral === 'refused') throw notLateral(statement, relation, at);
      return { item, level };
    }
    level += 1;
  }
  if (hiddenScopes(scope).some((around) => allNamed(around, parts).length > 0)) {
    throw statement.error('42P01', `invalid reference to FROM-clause entry for table "${relation}"`, at, {
      detail: `There is an entry for table "${relation}", but it cannot be referenced from this part of the query.`,
      hint: 'To reference that table, you must mark this subquery with LATERAL.',
    });
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

function allNamed(scope: Scope, parts: readonly string[]): ScopeItem[] {
  const relation = parts[parts.length - 1]!;
  const schema = parts.length > 1 ? parts[parts.length - 2]! : null;
  return scope.items.filter(
    (item) => item.byName && item.name === relation && (schema === null || item.schema === schema),
  );
}

/** The scope as a derived table that is not LATERAL sees it: the left sides of joins are out of its sight. */
export function withoutLateral(scope: Scope | null): Scope | null {
  if (scope === null || scope.lateral === undefined) return scope;
  return { ...scope, lateral: 'hidden', outer: withoutLateral(scope.outer) };
}

/** The scope around a subquery, as the subqueries of its own FROM see it: what it may refer to, they may too. */
export function settled(scope: Scope | null): Scope | null {
  if (scope === null || scope.lateral !== 'seen') return scope;
  const { lateral: _lateral, ...rest } = scope;
  return { ...rest, outer: settled(scope.outer) };
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
  columns: readonly ScopeColumn[],
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

/** Of a row of a table that is not checked for NULLs yet: any column may be one. */
export function scopeOfRow(table: {
  readonly name: string;
  readonly schema?: string | null;
  readonly columns: readonly Pick<CatalogColumn, 'name' | 'type' | 'domain'>[];
}): Scope {
  const columns = table.columns.map(({ name, type, domain }, index) => ({
    name,
    domain,
    scalar: { kind: 'column', index, type: { ...type, nullable: true } } as const,
  }));
  return { items: [itemFor(table.name, table.schema ?? null, columns)], outer: null };
}
