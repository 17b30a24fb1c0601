/**
 * HIR → MIR: no outer joins, no subqueries, no set operations but bag algebra, keys canonical where SQL equality is
 * wider than identity.
 */
import type { ObjectId } from '../catalog.ts';
import { hasSubquery } from '../hir/subquery.ts';
import type { HirQuery, HirRelation, HirScalar, HirWrite, SessionValue } from '../hir.ts';
import type { MirFinishing, MirRelation, MirScalar } from '../mir.ts';
import { SqlError } from '../error.ts';
import type { Keys } from '../optimize/analysis/keys.ts';
import { project, topK } from '../mir/relation.ts';
import * as build from '../mir/scalar.ts';
import { LoweringContext } from './context.ts';
import type { KnownView } from './known-views.ts';
import { lowerRelation } from './relation.ts';
import { returnedColumns, returningQuery } from './returning.ts';
import { NO_ROW } from './row.ts';
import { lowerPlainScalar } from './scalar.ts';
import { mergedOnce } from './merged-once.ts';
import { oncePerRow } from './once-per-row.ts';
import { withoutUnread } from './unread.ts';

const lowered: unique symbol = Symbol('lowered');

/** A query as lower leaves it; only lower builds it. */
export interface LoweredQuery {
  readonly [lowered]: true;
  readonly relation: MirRelation;
  /** Only for one-shot queries; in maintained ones LIMIT is a TopK and the projection is done. */
  readonly finishing: MirFinishing | null;
  /** RETURNING over the written row. */
  readonly returning: readonly MirScalar[] | null;
  /** What the parameters after the user's are. */
  readonly sessionValues: readonly SessionValue[];
  /** Unique keys of the relation. */
  readonly keys: Keys;
}

export interface LowerOptions {
  readonly keysOfObject: (object: ObjectId) => Keys;
  /** The result is maintained: no parameters, no order. */
  readonly maintained: boolean;
  /** What views have become that are lowered once for all statements. */
  readonly knownView?: (view: HirRelation) => KnownView | null;
}

/**
 * Lowers the definition of a view, for all statements; bindings count from `firstBinding`. Null if it depends on the session.
 */
export function lowerView(
  view: HirRelation,
  options: Pick<LowerOptions, 'keysOfObject' | 'knownView'> & { readonly firstBinding: number },
): { readonly relation: MirRelation; readonly nextBinding: number } | null {
  // The view itself is what is asked for.
  const knownView = (inner: HirRelation): KnownView | null =>
    inner === view ? null : (options.knownView?.(inner) ?? null);
  const context = new LoweringContext({ ...options, knownView, parameters: 0, maintained: false });
  const relation = lowerRelation(context, view, null);
  return context.sessionValues.length > 0 ? null : { relation, nextBinding: context.nextBinding };
}

function limitExpression(
  context: LoweringContext,
  scalar: HirScalar | null,
  clause: string,
): MirScalar | null {
  if (scalar === null) return null;
  if (hasSubquery(scalar)) {
    throw new SqlError({
      sqlstate: '0A000',
      message: `a subquery in ${clause} is not supported`,
      hint: 'Use a literal or a parameter.',
    });
  }
  return lowerPlainScalar(context, NO_ROW, scalar);
}

/** Lowers a bound query. */
export function lowerQuery(query: HirQuery, options: LowerOptions): LoweredQuery {
  const context = new LoweringContext({ ...options, parameters: query.parameters.length });
  const { order, withTies, projection } = query.finishing;
  const read = new Set([...projection, ...order.map(({ column }) => column)]);
  const relation = lowerRelation(context, withoutUnread(query.relation, read), null);
  const limit = limitExpression(context, query.finishing.limit, 'LIMIT');
  const offset = limitExpression(context, query.finishing.offset, 'OFFSET');
  if (!options.maintained) {
    return finish(context, relation, { order, limit, offset, withTies, projection }, null);
  }
  const limited =
    limit === null && offset === null
      ? relation
      : topK(relation, { partition: [], order, limit, offset, withTies });
  return finish(context, project(limited, projection), null, null);
}

/** What a write does besides reading its relation. */
export interface LoweredWrite extends LoweredQuery {
  /** ON CONFLICT DO UPDATE. */
  readonly update: { readonly condition: MirScalar | null; readonly values: readonly MirScalar[] } | null;
  /** ON CONFLICT: over a row that is inserted. */
  readonly check: MirScalar | null;
  /** RETURNING where it is a query of its own: over what `returning` then gives. */
  readonly returningQuery: LoweredQuery | null;
}

/** Lowers INSERT, UPDATE, DELETE or MERGE. */
export function lowerWrite(write: HirWrite, options: Omit<LowerOptions, 'maintained'>): LoweredWrite {
  const context = new LoweringContext({
    ...options,
    parameters: write.parameters.length,
    maintained: false,
  });
  const rows = lowerRelation(context, withoutUnread(write.relation, null), null);
  const { joined, identity } = write;
  const once = joined === null ? rows : oncePerRow(context, write.object, rows, joined);
  const relation = identity === undefined ? once : mergedOnce(once, identity);
  const conflict = write.conflict ?? null;
  const columns = write.ordered === true ? relation.columns.slice(0, -1) : relation.columns;
  const old = columns.slice(0, conflict?.width ?? 0);
  const row = [...old.map((type) => ({ ...type, nullable: true })), ...columns];
  const scalar = (item: HirScalar, clause: string): MirScalar => {
    if (hasSubquery(item)) {
      throw new SqlError({ sqlstate: '0A000', message: `a subquery in ${clause} is not supported` });
    }
    return lowerPlainScalar(context, { columns: row, place: (_, index) => index }, item);
  };
  const shown = write.returning;
  const queried = shown?.some((item) => hasSubquery(item.scalar)) === true ? shown : null;
  const returning =
    queried === null
      ? (shown?.map((item) => scalar(item.scalar, 'RETURNING')) ?? null)
      : returnedColumns(write).map((_, index) => build.column(index, row[index]!));
  const update = conflict?.update ?? null;
  const clause = 'ON CONFLICT DO UPDATE';
  return {
    ...finish(context, relation, null, returning),
    returningQuery: queried && lowerReturning(context, write, queried),
    update: update && {
      condition: update.condition && scalar(update.condition, clause),
      values: update.values.map((value) => scalar(value, clause)),
    },
    check:
      conflict?.check == null
        ? null
        : lowerPlainScalar(context, { columns, place: (_, index) => index }, conflict.check),
  };
}

function lowerReturning(
  context: LoweringContext,
  write: HirWrite,
  returning: NonNullable<HirWrite['returning']>,
): LoweredQuery {
  const relation = lowerRelation(context, returningQuery(write, returning), null);
  const number = returnedColumns(write).length;
  return finish(
    context,
    relation,
    {
      order: [{ column: number, descending: false, nullsFirst: false }],
      limit: null,
      offset: null,
      withTies: false,
      projection: returning.map((_, index) => number + 1 + index),
    },
    null,
  );
}

function finish(
  context: LoweringContext,
  relation: MirRelation,
  finishing: MirFinishing | null,
  returning: readonly MirScalar[] | null,
): LoweredQuery {
  return {
    [lowered]: true,
    relation,
    finishing,
    returning,
    sessionValues: context.sessionValues,
    keys: context.keysOf(relation),
  };
}
