/** Names in FROM: which columns a reference can mean (PostgreSQL's parse_relation). */
import type { CatalogColumn, ObjectId } from '../catalog.ts';
import type { SqlErrorOptions } from '../error.ts';
import type { ColumnOrigin, HirScalar } from '../hir.ts';
import { liftScalar } from '../hir/traverse.ts';
import type { AggregateCollector, Clause } from './context.ts';
import { columnElsewhere } from './elsewhere.ts';
import { isMissing, wholeRow } from './record.ts';
import type { TypeName } from '../types/type.ts';
import { asNullable, literal, mapColumns, typeOf } from './scalar.ts';
import type { Statement } from './statement.ts';
import { SYSTEM_COLUMNS, isSystemColumn } from './system-column.ts';

/** A column that a FROM item offers. */
export interface ScopeColumn {
  readonly name: string;
  /** Over the columns of the whole FROM clause so far. */
  readonly scalar: HirScalar;
  /** The domain that its values are of. */
  readonly domain?: ObjectId | undefined;
  /** The relation's column that it is. */
  readonly origin?: ColumnOrigin | undefined;
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
  /** `xmin` of its rows, where they have one: tools ask the catalog's for it. */
  readonly xmin?: () => HirScalar;
  /** The composite type that its rows are of. */
  readonly rowType?: () => TypeName;
  /** An outer join can leave it without a row. */
  readonly mayBeMissing?: boolean;
  /** The outcome of a JOIN: its columns are those of other entries, which messages show instead. */
  readonly isJoin?: boolean;
  /** It is the row that a kept expression is about. */
  readonly of?: KeptExpression;
  /** The columns of its primary key, for functional dependency; absent where there is none. */
  readonly primaryKey?: readonly number[];
}

/** Where an expression stands that is computed for each row that a table gets. */
export type KeptExpression =
  'check constraint' | 'column generation expression' | 'COPY FROM WHERE condition';

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
   * of RIGHT and FULL joins neither (`refused`), and none to what UPDATE or DELETE writes (`written`).
   */
  readonly lateral?: 'seen' | 'refused' | 'written';
  /** `outer` is more of what is to the left in the same FROM: one level of names with this. */
  readonly continues?: true;
  /** Such a left side is around a subquery, whose own names come before it. */
  readonly isAround?: true;
  /** Where such a left side is out of sight: in a subquery that is not LATERAL, or in the condition of a JOIN. */
  readonly hiddenFrom?: 'subquery' | 'condition';
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
  /** The column is the item's row as a whole. */
  readonly isRow?: true;
}

/** What is not a column of the item. */
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
  const around = outward(scope)[found.level]!;
  const { domain, origin } = found.column;
  const shown = qualifiedName(around, found.item, found.column);
  statement.origins.set(scalar, { at, qualified: shown, column: origin });
  if (found.isRow === true) statement.ofRow(scalar, found.item.columns);
  return domain === undefined ? scalar : statement.ofDomain(scalar, domain);
}

/** A column as messages call it: one of a join's is that of the relation which is joined. */
export function qualifiedName({ items }: Scope, item: ScopeItem | undefined, column: ScopeColumn): string {
  const { scalar } = column;
  if (item?.isJoin !== true) return item?.name ? `${item.name}.${column.name}` : column.name;
  const isSame = (other: ScopeColumn): boolean =>
    scalar.kind === 'column' && other.scalar.kind === 'column' && other.scalar.index === scalar.index;
  const owner = items.find((other) => other.isJoin !== true && other.columns.some(isSame));
  return owner?.name ? `${owner.name}.${owner.columns.find(isSame)!.name}` : column.name;
}

/** A system column, which is of a row whether or not it is of the relation; NULL where there is no row. */
function systemColumn(item: ScopeItem, name: string, level: number): Constant | null {
  const value = systemValue(item, name);
  if (value === undefined) return null;
  if (item.mayBeMissing !== true) return { constant: value };
  const branches = [{ condition: isMissing(item), result: literal('oid', null) }];
  const own: HirScalar = { kind: 'case', branches, otherwise: value, type: typeOf(value) };
  return { constant: liftScalar(own, level) };
}

function systemValue({ object, xmin }: ScopeItem, name: string): HirScalar | undefined {
  if (name === 'xmin') return xmin?.();
  return name === 'tableoid' && object !== undefined ? literal('oid', String(object)) : undefined;
}

function unqualified(
  statement: Statement,
  scope: Scope,
  name: string,
  at: number | undefined,
): Found | Constant {
  for (let near: Level | null = { scope, level: 0 }; near !== null; near = further(near)) {
    const found = columnAt(statement, near, name, at);
    if (found !== null) return found;
  }
  if (isSystemColumn(name)) {
    const relations = scope.items.filter(({ object, byColumn }) => object !== undefined && byColumn);
    if (relations.length > 1) throw statement.error('42702', `column reference "${name}" is ambiguous`, at);
    const found = relations.length === 1 ? systemColumn(relations[0]!, name, 0) : null;
    if (found !== null) return found;
  }
  for (let near: Level | null = { scope, level: 0 }; near !== null; near = further(near)) {
    const found = itemAt(statement, near, [name], at);
    if (found === null) continue;
    const { item, level } = found;
    if (item.isValue === true) return { item, column: item.columns[0]!, level };
    if (item.of === 'column generation expression') {
      throw statement.error('42P17', `cannot use whole-row variable in ${item.of}`, at, {
        detail: 'This would cause the generated column to depend on its own value.',
      });
    }
    return { item, column: { name, scalar: wholeRow(item) }, level, isRow: true };
  }
  const row = scope.items.find(({ object, of }) => object !== undefined || of !== undefined);
  if (row !== undefined) refuseSystemColumn(statement, row, name, at);
  const hint = columnElsewhere(name);
  const more = unreachable(scope, name) ?? (hint === undefined ? suggestion(scope, null, name) : { hint });
  throw statement.error('42703', `column "${name}" does not exist`, at, more);
}

function refuseSystemColumn(
  statement: Statement,
  { of }: ScopeItem,
  name: string,
  at: number | undefined,
): void {
  if (of !== undefined && name === 'tableoid') throw statement.unsupported(`tableoid in a ${of}`, at);
  if (!SYSTEM_COLUMNS.has(name)) return;
  if (of === 'check constraint') {
    throw statement.error('42P10', `system column "${name}" reference in check constraint is invalid`, at);
  }
  if (of === 'column generation expression') {
    throw statement.error('42P10', `cannot use system column "${name}" in ${of}`, at);
  }
  const hint =
    name === 'xmax'
      ? 'In RETURNING, old is NULL for a row that was inserted: RETURNING old IS NULL.'
      : undefined;
  throw statement.unsupported(`system column ${name}`, at, hint);
}

/** The scopes from the innermost on. */
export function outward(scope: Scope): Scope[] {
  const all: Scope[] = [];
  for (let each: Scope | null = scope; each !== null; each = each.outer) all.push(each);
  return all;
}

/** What PostgreSQL says of a column that only entries have which cannot be referenced. */
function unreachable(scope: Scope, name: string): Pick<SqlErrorOptions, 'detail' | 'hint'> | null {
  const [first, second] = outward(scope).flatMap((each) =>
    each.items
      .filter((item) => item.isJoin !== true && item.columns.some((column) => column.name === name))
      .map((item) => ({ item, scope: each })),
  );
  if (first === undefined) return null;
  if (second !== undefined) {
    return {
      detail: `There are columns named "${name}", but they are in tables that cannot be referenced from this part of the query.`,
      hint: 'Try using a table-qualified name.',
    };
  }
  return {
    detail: `There is a column named "${name}" in table "${first.item.name ?? 'unnamed_subquery'}", but it cannot be referenced from this part of the query.`,
    hint: isLateral(first.scope, first.item)
      ? 'To reference that column, you must mark this subquery with LATERAL.'
      : first.item.byName && first.scope.hiddenFrom === undefined
        ? 'To reference that column, you must use a table-qualified name.'
        : undefined,
  };
}

/** Whether LATERAL would bring an entry into sight. */
function isLateral({ lateral, hiddenFrom }: Scope, { byName }: ScopeItem): boolean {
  return byName && lateral === 'seen' && hiddenFrom === 'subquery';
}

/** What is seen to the left may be no entry that can be referred to. */
function refuseReference(
  statement: Statement,
  { lateral }: Scope,
  relation: string,
  at: number | undefined,
): void {
  if (lateral === undefined || lateral === 'seen') return;
  const message = `invalid reference to FROM-clause entry for table "${relation}"`;
  throw statement.error(
    '42P10',
    message,
    at,
    lateral === 'written'
      ? { hint: cannotReference(relation) }
      : { detail: 'The combining JOIN type must be INNER or LEFT for a LATERAL reference.' },
  );
}

function cannotReference(relation: string): string {
  return `There is an entry for table "${relation}", but it cannot be referenced from this part of the query.`;
}

/** Where a level of names begins, and how far out that is. */
interface Level {
  readonly scope: Scope;
  readonly level: number;
}

/** The next level of names. */
function further({ scope, level }: Level): Level | null {
  let [last, depth] = [scope, level + 1];
  for (; last.continues === true; depth++) last = last.outer!;
  return last.outer === null ? null : { scope: last.outer, level: depth };
}

/** The rest of a level of names: what is further to the left. */
function restOf({ scope, level }: Level): Level | null {
  return scope.continues === true ? { scope: scope.outer!, level: level + 1 } : null;
}

/** The column of a level of names that is called so. As PostgreSQL does, what is to the left is looked at first. */
function columnAt(statement: Statement, near: Level, name: string, at: number | undefined): Found | null {
  const { scope, level } = near;
  const rest = restOf(near);
  const left = rest === null ? null : columnAt(statement, rest, name, at);
  const found = scope.hiddenFrom === undefined ? matches(statement, scope, name, at) : null;
  if (found === null) return left;
  if (left !== null) throw statement.error('42702', `column reference "${name}" is ambiguous`, at);
  refuseReference(statement, scope, found.item.name ?? name, at);
  return { ...found, level };
}

/** The entry of a level of names that is called so. */
function itemAt(
  statement: Statement,
  near: Level,
  parts: readonly string[],
  at: number | undefined,
): { readonly item: ScopeItem; readonly level: number } | null {
  const { scope, level } = near;
  const rest = restOf(near);
  const left = rest === null ? null : itemAt(statement, rest, parts, at);
  const [item, second] = scope.hiddenFrom === undefined ? allNamed(scope, parts) : [];
  if (item === undefined) return left;
  const relation = parts[parts.length - 1]!;
  if (second !== undefined || left !== null) {
    throw statement.error('42P09', `table reference "${relation}" is ambiguous`, at);
  }
  refuseReference(statement, scope, relation, at);
  return { item, level };
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
  const ofSystem = systemColumn(item, name, level);
  if (ofSystem !== null) return ofSystem;
  if (item.object !== undefined || item.of !== undefined) refuseSystemColumn(statement, item, name, at);
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
  if (parts.length > 3) {
    const written = [...parts, ...(column === undefined ? [] : [column])].join('.');
    throw statement.error('42601', `improper qualified name (too many dotted names): ${written}`, at);
  }
  for (let near: Level | null = { scope, level: 0 }; near !== null; near = further(near)) {
    const found = itemAt(statement, near, parts, at);
    if (found !== null) return found;
  }
  throw missingEntry(statement, scope, parts, at);
}

/** PostgreSQL's refusal of a name that no entry in sight has. */
function missingEntry(
  statement: Statement,
  scope: Scope,
  parts: readonly string[],
  at: number | undefined,
): Error {
  const relation = parts[parts.length - 1]!;
  const invalid = `invalid reference to FROM-clause entry for table "${relation}"`;
  for (const each of outward(scope)) {
    const item = each.items.find((entry) => entry.name === relation);
    if (item !== undefined) {
      return statement.error('42P01', invalid, at, {
        detail: cannotReference(relation),
        hint: isLateral(each, item)
          ? 'To reference that table, you must mark this subquery with LATERAL.'
          : undefined,
      });
    }
    const aliased =
      parts.length === 1 && each.hiddenFrom === undefined
        ? each.items.find((entry) => entry.byName && entry.relation === relation)
        : undefined;
    if (aliased !== undefined) {
      return statement.error('42P01', invalid, at, {
        hint: `Perhaps you meant to reference the table alias "${aliased.name}".`,
      });
    }
  }
  return statement.error('42P01', `missing FROM-clause entry for table "${relation}"`, at);
}

function allNamed(scope: Scope, parts: readonly string[]): ScopeItem[] {
  return scope.items.filter((item) => item.byName && isNamed(item, parts));
}

/** Whether `[relation]` or `[schema, relation]` is what an entry is called. */
function isNamed({ name, schema }: ScopeItem, parts: readonly string[]): boolean {
  const [relation, within = null] = parts.toReversed();
  return name === relation && (within === null || schema === within);
}

/** Whether it is a left side of the FROM that is being bound, and not of one around it. */
export function isLeftOfSameFrom({ lateral, hiddenFrom, isAround }: Scope): boolean {
  return lateral !== undefined && hiddenFrom === undefined && isAround !== true;
}

/** The scope from where the left sides of joins are out of sight. */
export function withoutLateral(scope: Scope | null, from: 'subquery' | 'condition'): Scope | null {
  if (scope === null || scope.lateral === undefined) return scope;
  return { ...scope, hiddenFrom: scope.hiddenFrom ?? from, outer: withoutLateral(scope.outer, from) };
}

/** The scope around a subquery, as the subqueries of its own FROM see it: what it may refer to, they may too. */
export function settled(scope: Scope | null): Scope | null {
  if (scope === null || scope.lateral === undefined || scope.hiddenFrom !== undefined) return scope;
  if (scope.lateral !== 'seen') return { ...scope, isAround: true };
  const { lateral: _lateral, ...rest } = scope;
  return { ...rest, outer: settled(scope.outer) };
}

/** The columns that `*` stands for. */
export function allColumns(scope: Scope): readonly ScopeColumn[] {
  return scope.items.filter((item) => item.byColumn).flatMap((item) => item.columns);
}

/** PostgreSQL's hint for a column that is not there: the nearest one or two names, at most half of the name away. */
export function suggestion(scope: Scope, relation: string | null, name: string): { hint?: string } {
  let best = 4;
  let names: string[] = [];
  for (const item of outward(scope).flatMap(({ items }) => items)) {
    if (item.name === null || item.isJoin === true) continue;
    for (const column of item.columns) {
      const penalty = relation === null ? 0 : levenshtein(relation, item.name);
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

/** What has a name here, and is not to be referred to. */
export function hiddenItem(name: string | null): ScopeItem {
  return { name, schema: null, columns: [], byName: false, byColumn: false };
}

/** Of a row of a table that is not checked for NULLs yet: any column may be one. */
export function scopeOfRow(
  table: {
    readonly name: string;
    readonly schema?: string | null;
    readonly columns: readonly Pick<CatalogColumn, 'name' | 'type' | 'domain'>[];
  },
  of: KeptExpression,
): Scope {
  const columns = table.columns.map(({ name, type, domain }, index) => ({
    name,
    domain,
    scalar: { kind: 'column', index, type: { ...type, nullable: true } } as const,
  }));
  return { items: [{ ...itemFor(table.name, table.schema ?? null, columns), of }], outer: null };
}
