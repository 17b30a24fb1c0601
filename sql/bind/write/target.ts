/** What INSERT, UPDATE and DELETE share: the table, its row as a relation, assignment, NOT NULL. */
import type { Node, RangeVar } from '@pgsql/types';
import { locationOf } from '../../ast/accessors.ts';
import type { CatalogColumn, CatalogRelation } from '../../catalog.ts';
import { functionByOid, raised } from '../../functions/table.ts';
import type { HirRelation, HirScalar } from '../../hir.ts';
import { rowTypeOf } from '../../types/record.ts';
import { plain } from '../../types/table.ts';
import type { TypeName } from '../../types/type.ts';
import { parseExpression } from '../body.ts';
import { coerceToType } from '../coerce.ts';
import { expressionContext } from '../context.ts';
import type { QueryContext } from '../context.ts';
import { bindExpression } from '../expression.ts';
import { shownText } from '../registered-text.ts';
import { bindBesideWritten, findRelation, relationOf } from '../from.ts';
import type { BoundFrom } from '../from.ts';
import { crossJoin } from '../join.ts';
import { filter } from '../relation.ts';
import { and, call, int4, isNullable, literal, not, truth, typeOf } from '../scalar.ts';
import { emptyScope, itemFor } from '../scope.ts';
import type { ScopeColumn, ScopeItem } from '../scope.ts';
import type { Bound } from '../statement.ts';
import {
  NotUpdatable,
  type UpdatableView,
  type ViewCondition,
  over,
  shifted,
  updatableView,
} from './updatable-view.ts';

const TEXTCAT = 1258;
const TEXT_SUBSTR = 877;
const TEXT_LENGTH = 1317;
const INT4_GT = 147;

/** How much of a value an error shows. */
const SHOWN = 64;

const nouns: Record<string, string> = {
  source: 'source',
  materializedView: 'materialized view',
  systemTable: 'system table',
  sequence: 'sequence',
};

/** What a statement writes to. */
export interface WriteTarget {
  /** The table that has the rows. */
  readonly table: CatalogRelation;
  /** What the statement names: the table, or a view of it. */
  readonly named: CatalogRelation;
  readonly view: UpdatableView | null;
}

type Operation = 'insert into' | 'update' | 'delete from' | 'merge into';

/** What a MERGE does first. */
export type MergedOperation = Exclude<Operation, 'merge into'>;

/** What an INSERT, UPDATE, DELETE or MERGE names. */
export function bindTarget(
  node: RangeVar,
  operation: Operation,
  context: QueryContext,
  merged?: MergedOperation,
): WriteTarget {
  const relation = findRelation(node, context);
  if (relation.kind === 'table') return { table: relation, named: relation, view: null };
  const { statement } = context;
  const at = locationOf(node);
  if (relation.kind === 'materializedView') {
    if (operation === 'merge into') {
      throw statement.error('0A000', `cannot execute MERGE on relation "${relation.name}"`, at, {
        detail: 'This operation is not supported for materialized views.',
      });
    }
    throw statement.error('42809', `cannot change materialized view "${relation.name}"`, at);
  }
  if (relation.kind === 'systemTable' || relation.schema === 'pg_catalog') {
    throw statement.error('42501', `permission denied: "${relation.name}" is a system catalog`, at);
  }
  if (relation.kind === 'view') return viewTarget(relation, operation, merged, at, context);
  throw statement.error('42809', `cannot ${operation} ${nouns[relation.kind]} "${relation.name}"`, at, {
    hint: relation.kind === 'source' ? 'A source is written by its connector only.' : undefined,
  });
}

/** What PostgreSQL says can be done where a view is not written through. */
const ENABLING: Readonly<Record<MergedOperation, { readonly does: string; readonly event: string }>> = {
  'insert into': { does: 'inserting into the view', event: 'INSERT' },
  update: { does: 'updating the view', event: 'UPDATE' },
  'delete from': { does: 'deleting from the view', event: 'DELETE' },
};

function enabling(operation: Operation, merged: MergedOperation | undefined): string | undefined {
  if (operation === 'merge into') {
    if (merged === undefined) return undefined;
    const { does, event } = ENABLING[merged];
    return `To enable ${does} using MERGE, provide an INSTEAD OF ${event} trigger.`;
  }
  const { does, event } = ENABLING[operation];
  return `To enable ${does}, provide an INSTEAD OF ${event} trigger or an unconditional ON ${event} DO INSTEAD rule.`;
}

function viewTarget(
  relation: CatalogRelation,
  operation: Operation,
  merged: MergedOperation | undefined,
  at: number | undefined,
  context: QueryContext,
): WriteTarget {
  const { statement } = context;
  const view = updatableView(relation, operation === 'delete from');
  if (view instanceof NotUpdatable) {
    throw statement.error('55000', `cannot ${merged ?? operation} view "${view.view}"`, at, {
      detail: view.detail,
      hint: enabling(operation, merged),
    });
  }
  return { table: view.table, named: relation, view };
}

/** The columns that the statement can name, over a row of the table that begins at `offset`. */
export function targetColumnsAt({ named, view }: WriteTarget, offset: number): ScopeColumn[] {
  return named.columns.map(({ name, type, domain }, i) => {
    if (view === null) return { name, scalar: { kind: 'column', index: offset + i, type }, domain };
    const scalar = shifted(view.columns[i]!.scalar, offset);
    return { name, scalar, domain };
  });
}

/** They under the table's or the view's name or alias. */
export function targetItem(target: WriteTarget, node: RangeVar, offset = 0): ScopeItem {
  const { named, view } = target;
  const columns = targetColumnsAt(target, offset);
  const alias = node.alias?.aliasname;
  const rowType = (): TypeName => rowTypeOf(named);
  const object = view === null ? { object: named.id, rowType } : { rowType };
  if (alias === undefined) return { ...itemFor(named.name, named.schema, columns), ...object };
  return { ...itemFor(alias, null, columns), relation: named.name, ...object };
}

/** The table's rows, those of the view where one is named, joined with what FROM or USING names. */
export function targetRows(
  target: WriteTarget,
  node: RangeVar,
  others: readonly Node[] | undefined,
  context: QueryContext,
): BoundFrom {
  const conditions = target.view?.conditions.map(({ condition }) => condition) ?? [];
  const rows = conditions.reduce(filter, relationOf(target.table, context));
  const own = { relation: rows, items: [targetItem(target, node)] };
  if (others === undefined) return own;
  return crossJoin(own, bindBesideWritten(others, own.items, context), context);
}

/** The number of the table's column that a name means, or PostgreSQL's refusal. */
export function columnNumber(
  target: WriteTarget,
  name: string,
  verb: 'insert into' | 'update',
  at: number | undefined,
  context: QueryContext,
  more: { readonly hint?: string } = {},
): number {
  const index = target.named.columns.findIndex((column) => column.name === name);
  if (index >= 0) return writtenColumn(target, index, verb, context);
  const message = `column "${name}" of relation "${target.named.name}" does not exist`;
  throw context.statement.error('42703', message, at, more);
}

/** A column of the table, under the name that the statement has for it. */
export function columnAs({ table, named, view }: WriteTarget, number: number): CatalogColumn {
  const column = table.columns[number]!;
  const own = view?.columns.findIndex(({ place }) => place === number) ?? -1;
  return own < 0 ? column : { ...column, name: named.columns[own]!.name };
}

/** The table's column that one of a view's is. */
export function writtenColumn(
  { view }: WriteTarget,
  index: number,
  verb: 'insert into' | 'update',
  { statement }: QueryContext,
): number {
  const place = view === null ? index : view.columns[index]!.place;
  if (place !== null) return place;
  const computed = view!.computes(index);
  const message = `cannot ${verb} column "${computed.column}" of view "${computed.view}"`;
  throw statement.error('0A000', message, undefined, {
    detail: 'View columns that are not columns of their base relation are not updatable.',
  });
}

/**
 * New rows of the table, which begin at `offset`: one that a check option excludes is an error. `unless`: there is no new row.
 */
export function withViewChecks(
  rows: HirRelation,
  offset: number,
  target: WriteTarget,
  unless: HirScalar | null = null,
): HirRelation {
  return (target.view?.checks ?? []).reduce((checked, check) => {
    const condition = satisfies(check, offset, target.table);
    if (unless === null) return filter(checked, condition);
    const branches = [{ condition: unless, result: truth(true) }];
    return filter(checked, { kind: 'case', branches, otherwise: condition, type: plain('bool') });
  }, rows);
}

/** A row's values, the first of which raises an error where a check option excludes the row. `when`: the row is written. */
export function checkedValues(
  values: readonly HirScalar[],
  target: WriteTarget,
  when: HirScalar | null,
): readonly HirScalar[] {
  const checks = target.view?.checks ?? [];
  const [first, ...others] = values;
  if (first === undefined || checks.length === 0) return values;
  const { name, typmod } = typeOf(first);
  const type = { name, typmod };
  const branches =
    when === null ? [] : [{ condition: not({ kind: 'isTrue', operand: when }), result: first }];
  const holds = and(checks.map((check) => over(satisfies(check, 0, target.table), values)));
  const otherwise = literal(name, null, typmod);
  return [
    { kind: 'case', branches: [...branches, { condition: holds, result: first }], otherwise, type },
    ...others,
  ];
}

/** True where a row satisfies a view's condition, else an error. `holds`: whether it does. */
export function satisfies(
  { view, condition }: ViewCondition,
  offset: number,
  table: CatalogRelation,
  holds: HirScalar = shifted(condition, offset),
): HirScalar {
  const bool = plain('bool');
  const text = (value: string): HirScalar => literal('text', value);
  const joined = (left: HirScalar, right: HirScalar): HirScalar =>
    call(functionByOid(TEXTCAT), [left, right]);
  const shown = table.columns
    .map(({ type, generated }, i): HirScalar =>
      generated?.stored === false ? text('virtual') : shownValue({ kind: 'column', index: offset + i, type }),
    )
    .reduce((left, right) => joined(joined(left, text(', ')), right));
  const detail = joined(joined(text('Failing row contains ('), shown), text(').'));
  const message = text(`new row violates check option for view "${view}"`);
  const raises = call(raised, [text('44000'), message, detail], 'raise', bool);
  return {
    kind: 'case',
    branches: [{ condition: { kind: 'isTrue', operand: holds }, result: truth(true) }],
    otherwise: raises,
    type: bool,
  };
}

/** A value as an error shows it: not more than 64 characters of it. */
function shownValue(scalar: HirScalar): HirScalar {
  const type = plain('text');
  const value: HirScalar =
    typeOf(scalar).name === 'text' ? scalar : { kind: 'output', argument: scalar, type };
  const start = call(functionByOid(TEXT_SUBSTR), [value, int4(1), int4(SHOWN)]);
  const longer = call(functionByOid(INT4_GT), [call(functionByOid(TEXT_LENGTH), [value]), int4(SHOWN)]);
  const cut = call(functionByOid(TEXTCAT), [start, literal('text', '...')]);
  const text: HirScalar = {
    kind: 'case',
    branches: [{ condition: longer, result: cut }],
    otherwise: value,
    type,
  };
  return { kind: 'coalesce', operands: [text, literal('text', 'null')], type };
}

/** A value for a column: assignment cast and modifier. That it is not NULL is checked where the row is written. */
export function assign(column: CatalogColumn, bound: Bound, context: QueryContext): HirScalar {
  const { statement } = context;
  const shown = shownText(expressionContext(context, emptyScope, 'VALUES'), bound, column.type);
  const scalar = coerceToType(statement, shown ?? bound, column.type, 'assignment');
  if (scalar !== null) return scalar;
  const source = statement.shownType(bound.scalar);
  const wanted = statement.shownPlace(column);
  throw statement.error(
    '42804',
    `column "${column.name}" is of type ${wanted} but expression is of type ${source}`,
    bound.at,
    { hint: 'You will need to rewrite or cast the expression.' },
  );
}

/** A value that raises 23502 when it is NULL. */
export function notNull(relation: CatalogRelation, column: CatalogColumn, scalar: HirScalar): HirScalar {
  if (column.type.nullable || !isNullable(scalar)) return scalar;
  const { name, typmod } = typeOf(scalar);
  const type = { name, typmod };
  return {
    kind: 'coalesce',
    operands: [
      scalar,
      {
        kind: 'raise',
        sqlstate: '23502',
        message: `null value in column "${column.name}" of relation "${relation.name}" violates not-null constraint`,
        type,
      },
    ],
    type,
  };
}

/** The value of a column that is not given: its DEFAULT, else NULL. */
export function defaultValue(column: CatalogColumn, context: QueryContext): HirScalar {
  const { statement } = context;
  if (column.defaultText === null) {
    return literal(column.type.name, null, column.type.typmod);
  }
  const text = column.defaultText;
  return statement.withoutPositions(() => {
    const expression = expressionContext(
      { ...context, ctes: [], outer: null },
      emptyScope,
      'DEFAULT expressions',
    );
    return assign(column, bindExpression(parseExpression(text), expression), context);
  });
}

/** Whether a value is the keyword DEFAULT. */
export function isDefault(node: Node): boolean {
  return 'SetToDefault' in node;
}
