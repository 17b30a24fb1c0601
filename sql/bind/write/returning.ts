/** RETURNING: the written row under the table's name, and under OLD and NEW. */
import type { RangeVar, ReturningClause } from '@pgsql/types';
import { findLocation, locationOf, nodeAs } from '../../ast/accessors.ts';
import type { ColumnOrigin, HirScalar, HirWrite } from '../../hir.ts';
import { unknownToText } from '../coerce.ts';
import { expressionContext } from '../context.ts';
import type { QueryContext } from '../context.ts';
import { isShownByName, registeredText } from '../registered-text.ts';
import { columnType, literal, truth } from '../scalar.ts';
import type { Scope, ScopeItem } from '../scope.ts';
import { bindTargets } from '../select.ts';
import { type WriteTarget, targetColumnsAt, targetItem } from './target.ts';
import { over } from './updatable-view.ts';
import { rowTypeOf } from '../../types/record.ts';
import type { TypeName } from '../../types/type.ts';

/** The row that RETURNING reads. */
export interface ReturnedRow {
  readonly target: WriteTarget;
  readonly node: RangeVar;
  /** Where the old row's columns begin; null: there is none, its columns are NULL. */
  readonly old: number | null;
  readonly new: number | null;
  /** The columns under the table's name, where they are not those of the new row, or else of the old. */
  readonly shown?: readonly HirScalar[];
  /** Which rows have no old or no new row, where some have. */
  readonly absent?: { readonly old: HirScalar; readonly new: HirScalar | null };
  /** What else it may read. */
  readonly others?: readonly ScopeItem[];
  /** Others come before the table. */
  readonly othersFirst?: boolean;
  readonly mergeAction?: HirScalar;
}

/** Binds RETURNING. */
export function bindReturning(
  clause: ReturningClause | undefined,
  row: ReturnedRow,
  context: QueryContext,
): HirWrite['returning'] {
  if (clause === undefined) return null;
  const { target, node, others = [] } = row;
  const own = targetItem(target, node, row.new ?? row.old ?? 0);
  const { shown } = row;
  const item =
    shown === undefined
      ? own
      : {
          ...own,
          columns: targetColumnsAt(target, 0).map(({ name, scalar }) => ({
            name,
            scalar: over(scalar, shown),
          })),
        };
  const items = row.othersFirst === true ? [...others, item] : [item, ...others];
  const both = versions(clause, row, items, context);
  const scope: Scope = {
    items: [...items, ...both],
    outer: null,
    ...(row.mergeAction === undefined ? {} : { mergeAction: row.mergeAction }),
  };
  const expressions = expressionContext(context, scope, 'RETURNING');
  const targets = bindTargets(clause.exprs ?? [], expressions);
  if (targets.length === 0) {
    const at = findLocation(clause.exprs);
    throw context.statement.error('42601', 'RETURNING must have at least one column', at);
  }
  return targets.map(({ name, bound }) => {
    const scalar = unknownToText(context.statement, bound);
    const type = columnType(scalar);
    const origin = originOf(scalar, [item, ...both], target);
    if (!isShownByName(type.name)) return { name, scalar, type, origin };
    // Values of reg* types are shown as the names that they stand for.
    const text = registeredText(expressions, { scalar, at: bound.at }) ?? scalar;
    return { name, scalar: text, type: columnType(text), shownType: type };
  });
}

/** The column of the target that a scalar shows as it is. */
function originOf(
  scalar: HirScalar,
  items: readonly ScopeItem[],
  { named }: WriteTarget,
): ColumnOrigin | undefined {
  if (scalar.kind !== 'column' || scalar.level !== undefined) return undefined;
  for (const { columns } of items) {
    const index = columns.findIndex(({ scalar: own }) => own.kind === 'column' && own.index === scalar.index);
    if (index >= 0) return { relation: named.id, number: index + 1 };
  }
  return undefined;
}

/** OLD and NEW, or what WITH (OLD AS …, NEW AS …) calls them; a table of that name hides them. */
function versions(
  clause: ReturningClause,
  row: ReturnedRow,
  items: readonly ScopeItem[],
  context: QueryContext,
): ScopeItem[] {
  const { statement } = context;
  const names = new Map<'old' | 'new', string>();
  for (const item of clause.options ?? []) {
    const option = nodeAs(item, 'ReturningOption')!;
    const version = option.option === 'RETURNING_OPTION_OLD' ? 'old' : 'new';
    const at = locationOf(option);
    const name = option.value ?? '';
    if (names.has(version)) {
      const message = `${version.toUpperCase()} cannot be specified multiple times`;
      throw statement.error('42601', message, at);
    }
    if (items.some((other) => other.name === name) || [...names.values()].includes(name)) {
      throw statement.error('42712', `table name "${name}" specified more than once`, at);
    }
    names.set(version, name);
  }
  return (['old', 'new'] as const).flatMap((version): ScopeItem[] => {
    const name = names.get(version) ?? version;
    if (!names.has(version) && items.some((item) => item.name === name)) return [];
    const from = row[version];
    const { table } = row.target;
    const absent = from === null ? truth(true) : (row.absent?.[version] ?? null);
    const values = table.columns.map(({ type: { name, typmod, nullable } }, i): HirScalar => {
      const type = { name, typmod, nullable: nullable || absent !== null };
      return from === null ? literal(name, null, typmod) : { kind: 'column', index: from + i, type };
    });
    // What a view computes has a value without a row, too.
    const columns = targetColumnsAt(row.target, 0).map(({ name: column, scalar }) => ({
      name: column,
      scalar: unlessAbsent(over(scalar, values), scalar.kind === 'column' ? null : absent),
    }));
    const { named, view } = row.target;
    const rowType = (): TypeName => rowTypeOf(named);
    const own: ScopeItem = { name, schema: null, columns, byName: true, byColumn: false, rowType };
    return [
      {
        ...own,
        ...(view === null ? { object: named.id } : {}),
        ...(absent === null ? {} : { mayBeMissing: true }),
      },
    ];
  });
}

function unlessAbsent(scalar: HirScalar, absent: HirScalar | null): HirScalar {
  if (absent === null) return scalar;
  const { name, typmod } = columnType(scalar);
  const type = { name, typmod };
  const branches = [{ condition: absent, result: literal(name, null, typmod) }];
  return { kind: 'case', branches, otherwise: scalar, type };
}
