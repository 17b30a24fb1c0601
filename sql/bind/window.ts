/**
 * Window functions. Each call is a column behind all others (`WINDOWS` and up) until the level's rows are known: grouped
 * and filtered. Then a Window node for each partition and order appends the results.
 */
import type { FuncCall, Node, WindowDef } from '@pgsql/types';
import { locationOf, nodeAs } from '../ast/accessors.ts';
import type { Frame, FrameBound, WindowFunction } from '../../engine/plan.generated.ts';
import type { HirColumn, HirOrder, HirRelation, HirScalar } from '../hir.ts';
import { mapReferences } from '../hir/traverse.ts';
import { isVolatileThroughout } from '../hir/volatile.ts';
import type { NullableType } from '../types/type.ts';
import { unknownToText } from './coerce.ts';
import { requireEquality, requireOrder } from './comparable.ts';
import type { ExpressionContext } from './context.ts';
import { bindExpression } from './expression.ts';
import { mayBeShared } from './once.ts';
import { sortDirection } from './order.ts';
import type { SortDirection } from './order.ts';
import { oneRow, orError } from './relation.ts';
import { and, columnType, not, scalarKey, typeOf } from './scalar.ts';
import type { Statement } from './statement.ts';
import { bindFrame, checkOfOffsets, hasFrame } from './window-frame.ts';
import type { BoundFrame } from './window-frame.ts';
import { inRowsOrder } from './window-order.ts';

/** The first column that stands for a window function's result; sets come behind them. */
const WINDOWS = 1 << 23;
const LAST = (1 << 24) - 1;

/** Functions of which PostgreSQL knows that the frame does not matter to them. */
const FRAMELESS: ReadonlySet<WindowFunction['kind']> = new Set([
  ...(['rowNumber', 'rank', 'denseRank', 'percentRank', 'cumeDist', 'ntile'] as const),
]);

/** Whether a column of this number is a window function's result. */
export function isWindow(index: number): boolean {
  return index >= WINDOWS && index <= LAST;
}

/** A call before its arguments are columns. */
export interface WindowCall {
  readonly function: WindowFunction;
  readonly name: string;
  readonly arguments: readonly HirScalar[];
  readonly filter: HirScalar | null;
  readonly type: NullableType;
}

export interface OrderItem extends SortDirection {
  readonly scalar: HirScalar;
}

/** What rows a call sees, and in which order. */
interface Specification {
  readonly partition: readonly HirScalar[];
  readonly order: readonly OrderItem[];
  readonly frame: BoundFrame;
}

export interface PlacedCall extends WindowCall {
  readonly over: Specification;
}

/** The named windows and the window functions of one query level. */
export class WindowCollector {
  readonly calls: PlacedCall[] = [];
  readonly #statement: Statement;
  readonly #named = new Map<string, { readonly definition: WindowDef; bound: Specification | null }>();

  constructor(statement: Statement, definitions: readonly WindowDef[]) {
    this.#statement = statement;
    for (const definition of definitions) {
      const name = definition.name ?? '';
      if (this.#named.has(name)) {
        const message = `window "${name}" is already defined`;
        throw statement.error('42P20', message, locationOf(definition));
      }
      // A window may only build on those before it.
      if (definition.refname !== undefined && !this.#named.has(definition.refname)) {
        throw this.#unknown(definition.refname, definition);
      }
      this.#named.set(name, { definition, bound: null });
    }
  }

  #unknown(name: string, definition: WindowDef): Error {
    return this.#statement.error('42704', `window "${name}" does not exist`, locationOf(definition));
  }

  /** Binds the named windows that nothing uses: they must be valid all the same. */
  bindNamed(context: ExpressionContext): void {
    for (const { definition } of this.#named.values()) this.#bind(definition, context, true);
  }

  /** The column that a call's result will be. */
  register(call: WindowCall, definition: WindowDef, context: ExpressionContext): HirScalar {
    const over = this.#over(definition, context);
    const key = callKey({ ...call, over });
    const shared = mayBeShared(context.clause, [...call.arguments, call.filter]);
    let index = shared ? this.calls.findIndex((other) => callKey(other) === key) : -1;
    if (index < 0) index = this.calls.push({ ...call, over }) - 1;
    return { kind: 'column', index: WINDOWS + index, type: call.type };
  }

  /** Whether the rows stay in the order in which they come. */
  get keepsOrder(): boolean {
    return this.calls.every(({ over }) => over.partition.length === 0 && over.order.length === 0);
  }

  /** The rows come in this order. */
  follow(rows: readonly OrderItem[]): void {
    this.calls.forEach((call, index) => {
      this.calls[index] = inRowsOrder(call, rows);
    });
  }

  #over(definition: WindowDef, context: ExpressionContext): Specification {
    if (definition.name === undefined) return this.#bind(definition, context, false);
    const named = this.#named.get(definition.name);
    if (named === undefined) throw this.#unknown(definition.name, definition);
    return this.#bind(named.definition, context, true);
  }

  #bind(definition: WindowDef, around: ExpressionContext, named: boolean): Specification {
    const known = named ? this.#named.get(definition.name!) : undefined;
    if (known !== undefined && known.bound !== null) return known.bound;
    const statement = this.#statement;
    const context: ExpressionContext = { ...around, windows: 'definitions' };
    const base = this.#base(definition, around);
    const at = locationOf(definition);
    const inherited = definition.refname ?? '';
    if (base !== null && (definition.partitionClause ?? []).length > 0) {
      const message = `cannot override PARTITION BY clause of window "${inherited}"`;
      throw statement.error('42P20', message, at);
    }
    const sorts = (definition.orderClause ?? []).map((node) => nodeAs(node, 'SortBy')!);
    if (base !== null && base.order.length > 0 && sorts.length > 0) {
      const message = `cannot override ORDER BY clause of window "${inherited}"`;
      throw statement.error('42P20', message, at);
    }
    const value = (node: Node, require: typeof requireOrder): HirScalar => {
      const bound = bindExpression(node, context);
      require(statement, typeOf(bound.scalar).name, bound.at);
      return unknownToText(statement, bound);
    };
    const partition =
      base?.partition ?? (definition.partitionClause ?? []).map((node) => value(node, requireEquality));
    const order =
      sorts.length === 0 && base !== null
        ? base.order
        : withoutRepeated(
            sorts.map((sort) => ({
              scalar: value(sort.node!, requireOrder),
              ...sortDirection(statement, sort),
            })),
          );
    const scalars = order.map((item) => item.scalar);
    const bound = { partition, order, frame: bindFrame(definition, scalars, context) };
    if (known !== undefined) known.bound = bound;
    return bound;
  }

  /** The window that a definition builds on: what has a frame cannot be built on. */
  #base(definition: WindowDef, context: ExpressionContext): Specification | null {
    const name = definition.refname;
    if (name === undefined) return null;
    const named = this.#named.get(name);
    if (named === undefined) throw this.#unknown(name, definition);
    if (hasFrame(named.definition)) {
      const plain = (definition.orderClause ?? []).length === 0 && !hasFrame(definition);
      throw this.#statement.error(
        '42P20',
        `cannot copy window "${name}" because it has a frame clause`,
        locationOf(definition),
        plain ? { hint: 'Omit the parentheses in this OVER clause.' } : {},
      );
    }
    return this.#bind(named.definition, context, true);
  }
}

/** What comes again orders nothing, also in the other direction. */
function withoutRepeated(order: readonly OrderItem[]): OrderItem[] {
  const keys = order.map(({ scalar }) => scalarKey(scalar));
  return order.filter((_, i) => keys.indexOf(keys[i]!) === i);
}

function specificationKey({ partition, order }: Specification): string {
  return [
    ...partition.map(scalarKey),
    'order',
    ...order.map((item) => `${scalarKey(item.scalar)} ${item.descending} ${item.nullsFirst}`),
  ].join('\n');
}

function frameKey({ frame, start, end }: BoundFrame): string {
  const offsets = [start, end].map((offset) => (offset === null ? '' : scalarKey(offset)));
  return [JSON.stringify(frame), ...offsets].join('\n');
}

function callKey(call: PlacedCall): string {
  return [
    JSON.stringify(call.function),
    ...call.arguments.map(scalarKey),
    'filter',
    call.filter === null ? '' : scalarKey(call.filter),
    frameKey(call.over.frame),
    specificationKey(call.over),
  ].join('\n');
}

/** Of a window without such a call PostgreSQL does not look at the frame. */
function readsFrame({ function: called }: PlacedCall): boolean {
  return !FRAMELESS.has(called.kind);
}

function sameWindow(one: PlacedCall, other: PlacedCall): boolean {
  const keyOf = ({ over }: PlacedCall): string => `${frameKey(over.frame)}\n${specificationKey(over)}`;
  return keyOf(one) === keyOf(other);
}

function scalarsOf(call: PlacedCall): HirScalar[] {
  const { partition, order, frame } = call.over;
  const offsets = [frame.start, frame.end, call.filter].filter((scalar) => scalar !== null);
  return [...call.arguments, ...partition, ...order.map((item) => item.scalar), ...offsets];
}

/** All that the calls read: it is computed where the level's other expressions are. */
export function windowScalars(collector: WindowCollector): HirScalar[] {
  return collector.calls.flatMap(scalarsOf);
}

/** The relation with its calls' results, and what expressions over it are then. `rewrite` is what became of them before. */
export function projectWindows(
  input: HirRelation,
  collector: WindowCollector,
  rewrite: (scalar: HirScalar) => HirScalar,
): { readonly relation: HirRelation; place(scalar: HirScalar): HirScalar } {
  const width = input.columns.length;
  const computed: HirScalar[] = [];
  const numbers = new Map<string, number>();
  const columnOf = (scalar: HirScalar, isRead = false): number => {
    const rewritten = rewrite(scalar);
    if (rewritten.kind === 'column' && rewritten.level === undefined) return rewritten.index;
    // What is volatile has a value for each call that reads it, and one where it says which rows are a window's.
    if (isRead && isVolatileThroughout(rewritten)) return width + computed.push(rewritten) - 1;
    const key = scalarKey(rewritten);
    let number = numbers.get(key);
    if (number === undefined) numbers.set(key, (number = width + computed.push(rewritten) - 1));
    return number;
  };
  const optional = (scalar: HirScalar | null, isRead = false): number | null =>
    scalar === null ? null : columnOf(scalar, isRead);
  const groups = new Map<string, { readonly calls: number[] }>();
  collector.calls.forEach((call, index) => {
    const key = specificationKey(call.over);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { calls: [index] });
    else group.calls.push(index);
  });
  const nodes = [...groups.values()].map(({ calls }) => {
    const { partition, order } = collector.calls[calls[0]!]!.over;
    return {
      calls,
      partition: partition.map((scalar) => columnOf(scalar)),
      order: order.map(({ scalar, descending, nullsFirst }): HirOrder => ({
        column: columnOf(scalar),
        descending,
        nullsFirst,
      })),
      made: calls.map((index) => {
        const call = collector.calls[index]!;
        const { frame, start, end } = call.over.frame;
        return {
          function: call.function,
          arguments: call.arguments.map((argument) => columnOf(argument, true)),
          filter: optional(call.filter, true),
          frame: withOffsets(frame, optional(start), optional(end)),
          type: call.type,
        };
      }),
    };
  });
  let relation: HirRelation = input;
  if (computed.length > 0) {
    const appended = computed.map((scalar): HirColumn => ({ name: '?column?', type: columnType(scalar) }));
    relation = { kind: 'map', columns: [...input.columns, ...appended], input, scalars: computed };
  }
  const checks = collector.calls
    .filter((call) => collector.calls.some((other) => sameWindow(call, other) && readsFrame(other)))
    .map(({ over }) => checkOfOffsets(over.frame))
    .filter((check) => check !== null);
  if (checks.length > 0) relation = orError(relation, oneRow, not(rewrite(and(checks))));
  const places = new Map<number, number>();
  for (const { calls, partition, order, made } of nodes) {
    calls.forEach((index, at) => places.set(WINDOWS + index, relation.columns.length + at));
    const results = calls.map((index): HirColumn => {
      const { name, type } = collector.calls[index]!;
      return { name, type };
    });
    relation = {
      kind: 'window',
      columns: [...relation.columns, ...results],
      input: relation,
      partition,
      order,
      calls: made,
    };
  }
  const place = (scalar: HirScalar): HirScalar =>
    mapReferences(scalar, (column, depth) => {
      const at = (column.level ?? 0) === depth ? places.get(column.index) : undefined;
      return at === undefined ? column : { ...column, index: at };
    });
  return { relation, place };
}

function withOffsets(frame: Frame, start: number | null, end: number | null): Frame {
  const bound = (given: FrameBound, column: number | null): FrameBound =>
    'column' in given && column !== null ? { ...given, column } : given;
  return { ...frame, start: bound(frame.start, start), end: bound(frame.end, end) };
}

/** Refuses a window function where it cannot stand. */
export function windowsOf(
  node: FuncCall,
  context: ExpressionContext,
): { readonly collector: WindowCollector; readonly definition: WindowDef } {
  const { statement, windows } = context;
  const at = locationOf(node);
  if (context.insideAggregate) {
    throw statement.error('42803', 'aggregate function calls cannot contain window function calls', at);
  }
  if (windows instanceof WindowCollector) return { collector: windows, definition: node.over! };
  const message =
    windows === 'calls'
      ? 'window function calls cannot be nested'
      : `window functions are not allowed in ${windows === 'definitions' ? 'window definitions' : context.clause}`;
  throw statement.error('42P20', message, at);
}
