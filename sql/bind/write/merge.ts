/**
 * MERGE: the table joined with the source, one action for each row of the join.
 *
 *     MERGE INTO t USING s ON c …   →   t ⟗ s ON c   (the outer sides only where an action wants them)
 *                                       → which WHEN clause comes first → old row, new row, merge_action()
 */
import type { MergeStmt, MergeWhenClause, Node } from '@pgsql/types';
import { locationOf, nodeAs } from '../../ast/accessors.ts';
import type { CatalogRelation } from '../../catalog.ts';
import type { HirRelation, HirScalar, HirWrite } from '../../hir.ts';
import { expressionContext } from '../context.ts';
import type { ExpressionContext, QueryContext } from '../context.ts';
import { bindWith } from '../cte.ts';
import { bindCondition, bindExpression } from '../expression.ts';
import { bindFromItem } from '../from.ts';
import { completeRows } from '../generated-column.ts';
import type { BoundFrom } from '../from.ts';
import { ranked } from '../ranked.ts';
import { columnOf, filter, map, projectScalars } from '../relation.ts';
import { and, int4, isNull, literal, not, truth, valueWhere } from '../scalar.ts';
import { hiddenItem, shiftItems } from '../scope.ts';
import type { Scope, ScopeItem } from '../scope.ts';
import { insertedValues, targetColumns } from './insert.ts';
import { bindReturning } from './returning.ts';
import { type MergedOperation, type WriteTarget, bindTarget, targetRows, withViewChecks } from './target.ts';
import { bindAssignments } from './update.ts';

type Kind = 'matched' | 'not matched by source' | 'not matched by target';

/** A WHEN clause; its scalars are over the joined row. */
interface Action {
  readonly kind: Kind;
  readonly condition: HirScalar | null;
  readonly does: 'INSERT' | 'UPDATE' | 'DELETE' | null;
  /** The new row. */
  readonly values: readonly HirScalar[] | null;
  /** What the new row reads behind the joined row, from `rowsFrom` on. */
  readonly rows: readonly { readonly name: string; readonly scalar: HirScalar }[];
}

const kinds: Record<string, Kind> = {
  MERGE_WHEN_MATCHED: 'matched',
  MERGE_WHEN_NOT_MATCHED_BY_SOURCE: 'not matched by source',
  MERGE_WHEN_NOT_MATCHED_BY_TARGET: 'not matched by target',
};

const OPERATIONS: Readonly<Partial<Record<string, MergedOperation>>> = {
  CMD_INSERT: 'insert into',
  CMD_UPDATE: 'update',
  CMD_DELETE: 'delete from',
};

/** Binds MERGE. */
export function bindMerge(node: MergeStmt, outer: QueryContext): HirWrite {
  const { statement } = outer;
  if (node.withClause?.recursive === true) {
    throw statement.error('42601', 'WITH RECURSIVE is not supported for MERGE statement');
  }
  const { context, wrap } = bindWith(node.withClause, outer);
  const clauses = (node.mergeWhenClauses ?? []).map((item) => nodeAs(item, 'MergeWhenClause')!);
  checkReachable(clauses, context);
  const [first] = clauses.flatMap(({ commandType }) => OPERATIONS[commandType!] ?? []);
  const written = bindTarget(node.relation!, 'merge into', context, first);
  const { table: relation } = written;
  const target = distinguished(relation, targetRows(written, node.relation!, undefined, context));
  const source = bindFromItem(node.sourceRelation!, context);
  checkNames(target.items[0]!, source.items, context);
  const has = (kind: Kind): boolean => clauses.some((clause) => kinds[clause.matchKind!] === kind);
  const joined = joinRows(node.joinCondition!, target, source, context, {
    keepsTarget: has('not matched by source'),
    keepsSource: has('not matched by target'),
  });
  const actions: Action[] = [];
  // Behind the joined row is the action's number, and behind that what actions compute once.
  let rowsFrom = joined.relation.columns.length + 1;
  for (const clause of clauses) {
    const action = bindAction(clause, written, joined, node, context, rowsFrom);
    rowsFrom += action.rows.length;
    actions.push(action);
  }

  // Which clause applies: its number from 1; 0 for none, and for DO NOTHING.
  const branches = actions.map(({ kind, condition, does }, i) => ({
    condition: condition === null ? joined.is(kind) : and([joined.is(kind), condition]),
    result: int4(does === null ? 0 : i + 1),
  }));
  const type = { name: 'int4', typmod: -1 } as const;
  const chosen = map(joined.relation, [
    { name: 'action', scalar: { kind: 'case', branches, otherwise: int4(0), type } },
  ]);
  const number = columnOf(chosen, chosen.columns.length - 1);
  const computed = actions.flatMap(({ rows }, i) =>
    rows.map(({ name, scalar }) => ({ name, scalar: valueWhere(equals(number, i + 1), scalar) })),
  );
  const rows = map(filter(chosen, not(equals(number, 0))), computed);

  const among = (
    type: { readonly name: HirType; readonly typmod: number },
    value: (action: Action) => HirScalar | null,
  ): HirScalar => {
    const none = literal(type.name, null, type.typmod);
    const cases = actions.flatMap((action, i) => {
      const result = action.does === null ? null : value(action);
      return result === null ? [] : [{ condition: equals(number, i + 1), result }];
    });
    return cases.length === 0 ? none : { kind: 'case', branches: cases, otherwise: none, type };
  };
  const text = { name: 'text', typmod: -1 } as const;
  const old = relation.columns.map((_, i) => columnOf(joined.relation, i));
  const fresh = relation.columns.map(({ type }, i) =>
    among(plainType(type), ({ values }) => values?.[i] ?? null),
  );
  const others = source.relation.columns.map((_, i) => columnOf(joined.relation, joined.sourceFrom + i));
  const identity = joined.identity.map((i) =>
    among(plainType(joined.relation.columns[i]!.type), ({ does }) =>
      does === 'INSERT' ? null : columnOf(joined.relation, i),
    ),
  );
  const scalars = [
    ...old,
    ...fresh,
    among(text, ({ does }) => literal('text', does)),
    ...others,
    ...identity,
  ];
  const width = relation.columns.length;
  const given = projectScalars(
    rows,
    scalars.map((scalar, i) => ({ name: `column${i + 1}`, scalar })),
  );
  const deleted: HirScalar = {
    kind: 'notDistinct',
    left: columnOf(given, 2 * width),
    right: literal('text', 'DELETE'),
  };
  const complete = completeRows(given, width, relation, statement.environment, not(deleted));
  const merged = withViewChecks(complete, width, written, deleted);
  const action = columnOf(merged, 2 * width);
  const does = (name: NonNullable<Action['does']>): HirScalar => ({
    kind: 'notDistinct',
    left: action,
    right: literal('text', name),
  });
  return {
    operation: 'merge',
    object: relation.id,
    relation: wrap(merged),
    joined: null,
    identity: identity.map((_, i) => scalars.length - identity.length + i),
    returning: bindReturning(
      node.returningClause,
      {
        target: written,
        node: node.relation!,
        old: 0,
        new: width,
        absent: { old: does('INSERT'), new: does('DELETE') },
        shown: relation.columns.map(({ type }, i) => ({
          kind: 'case',
          branches: [
            {
              condition: does('DELETE'),
              result: columnOf(merged, i),
            },
          ],
          otherwise: columnOf(merged, width + i),
          type: plainType(type),
        })),
        others: shiftItems(source.items, 2 * width + 1, true),
        othersFirst: true,
        mergeAction: action,
      },
      context,
    ),
    parameters: statement.parameters(),
  };
}

type HirType = CatalogRelation['columns'][number]['type']['name'];

function plainType({ name, typmod }: { readonly name: HirType; readonly typmod: number }) {
  return { name, typmod };
}

function equals(left: HirScalar, value: number): HirScalar {
  return { kind: 'notDistinct', left, right: int4(value) };
}

/** The table's rows with what tells each from all others: the key, or the whole row with its number among its likes. */
interface Target extends BoundFrom {
  readonly identity: readonly number[];
}

function distinguished(relation: CatalogRelation, from: BoundFrom): Target {
  const [key] = relation.keys;
  if (key !== undefined && key.length > 0) return { ...from, identity: key };
  const all = relation.columns.map((_, i) => i);
  const numbered = ranked(from.relation, [{ name: 'row_number', kind: 'rowNumber' }], {
    partition: all,
    order: [],
  });
  // The number first: it is NULL only where there is no row.
  return { relation: numbered, items: from.items, identity: [all.length, ...all] };
}

interface Joined {
  readonly relation: HirRelation;
  readonly sourceFrom: number;
  readonly identity: readonly number[];
  /** Over both sides. */
  readonly items: { readonly target: ScopeItem; readonly source: readonly ScopeItem[] };
  is(kind: Kind): HirScalar;
}

/** The table's rows with a mark behind them, then the source's with theirs: an absent side has none. */
function joinRows(
  condition: Node,
  target: Target,
  source: BoundFrom,
  context: QueryContext,
  keeps: { readonly keepsTarget: boolean; readonly keepsSource: boolean },
): Joined {
  const mark = { name: 'present', scalar: truth(true) };
  const left = map(target.relation, [mark]);
  const right = map(source.relation, [mark]);
  const sourceFrom = left.columns.length;
  const nullable = (relation: HirRelation, is: boolean) =>
    relation.columns.map(({ name, type }) => ({
      name,
      type: { ...type, nullable: type.nullable || is },
    }));
  const inner = [target.items[0]!, ...shiftItems(source.items, sourceFrom, false)];
  const scope: Scope = { items: inner, outer: null };
  const on = bindCondition(condition, expressionContext(context, scope, 'JOIN conditions'), 'JOIN/ON');
  const { keepsTarget, keepsSource } = keeps;
  const relation: HirRelation = {
    kind: 'join',
    type: keepsTarget ? (keepsSource ? 'full' : 'left') : keepsSource ? 'right' : 'inner',
    columns: [...nullable(left, keepsSource), ...nullable(right, keepsTarget)],
    left,
    right,
    on,
  };
  const absent = (index: number): HirScalar => isNull(columnOf(relation, index));
  const noTarget = absent(sourceFrom - 1);
  const noSource = absent(relation.columns.length - 1);
  return {
    relation,
    sourceFrom,
    identity: target.identity,
    items: {
      target: shiftItems([target.items[0]!], 0, keepsSource)[0]!,
      source: shiftItems(source.items, sourceFrom, keepsTarget),
    },
    is: (kind) =>
      kind === 'matched'
        ? and([not(noTarget), not(noSource)])
        : kind === 'not matched by source'
          ? noSource
          : noTarget,
  };
}

function bindAction(
  clause: MergeWhenClause,
  written: WriteTarget,
  joined: Joined,
  node: MergeStmt,
  context: QueryContext,
  rowsFrom: number,
): Action {
  const kind = kinds[clause.matchKind!]!;
  const { table: relation } = written;
  const { target, source } = joined.items;
  // What is absent cannot be referred to.
  const items =
    kind === 'matched'
      ? [target, ...source]
      : kind === 'not matched by source'
        ? [target, ...source.map(({ name }) => hiddenItem(name))]
        : [hiddenItem(target.name), ...source];
  const scope: Scope = { items, outer: null };
  const inClause = (name: 'WHERE' | 'UPDATE' | 'VALUES'): ExpressionContext =>
    expressionContext(context, scope, name);
  const condition =
    clause.condition === undefined ? null : bindCondition(clause.condition, inClause('WHERE'), 'WHEN');
  switch (clause.commandType) {
    case 'CMD_UPDATE': {
      const list = clause.targetList ?? [];
      const { values, rows } = bindAssignments(list, written, inClause('UPDATE'), context, rowsFrom);
      const row = relation.columns.map((_, i) => values.get(i) ?? columnOf(joined.relation, i));
      return { kind, condition, does: 'UPDATE', values: row, rows };
    }
    case 'CMD_INSERT': {
      const columns = targetColumns(clause.targetList, written, context, clause.override);
      const bind = (item: Node) => bindExpression(item, inClause('VALUES'));
      const values = insertedValues(clause.values ?? [], relation, columns, bind, context);
      return { kind, condition, does: 'INSERT', values, rows: [] };
    }
    case 'CMD_DELETE':
      return { kind, condition, does: 'DELETE', values: null, rows: [] };
    case 'CMD_NOTHING':
      return { kind, condition, does: null, values: null, rows: [] };
    default:
      throw context.statement.unsupported(`${clause.commandType} in MERGE`, locationOf(node.relation!));
  }
}

function checkNames(target: ScopeItem, source: readonly ScopeItem[], context: QueryContext): void {
  if (!source.some((item) => item.byName && item.name === target.name)) return;
  throw context.statement.error('42712', `name "${target.name}" specified more than once`, undefined, {
    detail: 'The name is used both as MERGE target table and data source.',
  });
}

function checkReachable(clauses: readonly MergeWhenClause[], context: QueryContext): void {
  const final = new Set<Kind>();
  for (const clause of clauses) {
    const kind = kinds[clause.matchKind!]!;
    if (final.has(kind)) {
      const message = 'unreachable WHEN clause specified after unconditional WHEN clause';
      throw context.statement.error('42601', message);
    }
    if (clause.condition === undefined) final.add(kind);
  }
}
