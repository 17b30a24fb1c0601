/**
 * Set-returning functions in a SELECT list. Each call is a column behind all others (`SETS` and up) until the level's
 * rows are known; then a lateral join puts the functions' rows beside each of them. Calls of one depth run in step;
 * those whose arguments are sets themselves run over the rows of the deeper ones.
 */
import type { FuncCall } from '@pgsql/types';
import { locationOf, nameParts } from '../ast/accessors.ts';
import { placementOf } from '../functions/placement.ts';
import { resolveAmong } from '../functions/resolve.ts';
import { tableFunctionsNamed } from '../functions/table-functions.ts';
import type { TableFunctionEntry } from '../functions/table-functions.ts';
import type { HirColumn, HirRelation, HirScalar, HirTableCall } from '../hir.ts';
import { freeOfScalar, liftScalar, mapReferences } from '../hir/traverse.ts';
import { elementType, plain } from '../types/table.ts';
import type { TypeName } from '../types/type.ts';
import { bindArguments, callText } from './call-arguments.ts';
import type { ExpressionContext } from './context.ts';
import { isGrouping } from './grouping-sets.ts';
import { operand } from './operator.ts';
import { makeRecord } from './record.ts';
import { isNull, literal, scalarKey, typeOf } from './scalar.ts';
import type { Bound, Statement } from './statement.ts';

/** The first column that stands for a set. */
const SETS = 1 << 24;

export interface SetCall {
  readonly call: HirTableCall;
  readonly columns: readonly HirColumn[];
  /** The number of its first column among those of all sets. */
  readonly first: number;
  /** 0: its arguments have no sets. */
  readonly depth: number;
}

/** The sets of one query level. */
export class SetCollector {
  readonly calls: SetCall[] = [];

  /** The columns that a call's values will be. */
  register(call: HirTableCall, columns: readonly HirColumn[]): HirScalar[] {
    const key = keyOf(call);
    let set = this.calls.find((other) => keyOf(other.call) === key);
    if (set === undefined) {
      const inner = call.arguments.flatMap((argument) =>
        freeOfScalar(argument).columns.flatMap((read) =>
          read.level === 0 && isSet(read.index) ? [this.#ofColumn(read.index - SETS).depth] : [],
        ),
      );
      const depth = inner.length === 0 ? 0 : 1 + Math.max(...inner);
      const first = this.calls.reduce((count, other) => count + other.columns.length, 0);
      set = { call, columns, first, depth };
      this.calls.push(set);
    }
    const { first } = set;
    return set.columns.map(({ type }, i) => ({ kind: 'column', index: SETS + first + i, type }));
  }

  /** Those of the calls that the scalars read, and that these read themselves. */
  readBy(scalars: readonly HirScalar[]): SetCall[] {
    const found = new Set<SetCall>();
    const visit = (scalar: HirScalar): void => {
      for (const { level, index } of freeOfScalar(scalar).columns) {
        if (level !== 0 || !isSet(index)) continue;
        const call = this.#ofColumn(index - SETS);
        if (found.has(call)) continue;
        found.add(call);
        call.call.arguments.forEach(visit);
      }
    };
    scalars.forEach(visit);
    return this.calls.filter((call) => found.has(call));
  }

  #ofColumn(column: number): SetCall {
    return this.calls.find(({ first, columns }) => column >= first && column < first + columns.length)!;
  }
}

function keyOf(call: HirTableCall): string {
  return [call.function, ...call.arguments.map(scalarKey)].join('\n');
}

/** Whether a column of this number is a set. */
export function isSet(index: number): boolean {
  return index >= SETS && !isGrouping(index);
}

/** Whether a scalar reads a set of its level, or of the one around it. */
export function readsSets(scalar: HirScalar): boolean {
  return freeOfScalar(scalar).columns.some(({ index }) => isSet(index));
}

/** Refuses a set below what takes one value: `argument of AND`. */
export function refuseSets(
  scalar: HirScalar,
  what: string,
  { sets, statement }: ExpressionContext,
  at: number | undefined,
): void {
  // Few levels have sets: the others' expressions are not looked through.
  if (!(sets instanceof SetCollector) || sets.calls.length === 0 || !readsSets(scalar)) return;
  throw statement.error('42804', `${what} must not return a set`, at);
}

/** The arguments of sets: they are computed where the level's other expressions are. */
export function setArguments(calls: readonly SetCall[]): HirScalar[] {
  return calls.flatMap(({ call }) => [...call.arguments]);
}

/** The relation with its sets, and what expressions over it are then. `rewrite` is what became of them before. */
export function projectSets(
  input: HirRelation,
  calls: readonly SetCall[],
  rewrite: (scalar: HirScalar) => HirScalar,
): { readonly relation: HirRelation; place(scalar: HirScalar): HirScalar } {
  const places = new Map<number, number>();
  let relation = input;
  const place = (scalar: HirScalar): HirScalar =>
    mapReferences(scalar, (column, depth) => {
      const at = (column.level ?? 0) === depth ? places.get(column.index) : undefined;
      return at === undefined ? column : { ...column, index: at };
    });
  const deepest = Math.max(-1, ...calls.map((set) => set.depth));
  for (let depth = 0; depth <= deepest; depth += 1) {
    const level = calls.filter((set) => set.depth === depth);
    const right = tableFunction(
      level.map(({ call }) => ({
        ...call,
        arguments: call.arguments.map((argument) => liftScalar(place(rewrite(argument)), 1)),
      })),
      level.map(({ columns }) => columns),
      false,
    );
    const width = relation.columns.length;
    relation = {
      kind: 'join',
      columns: [...relation.columns, ...right.columns],
      type: 'inner',
      lateral: true,
      left: relation,
      right,
      on: null,
    };
    let at = width;
    for (const { first, columns } of level) {
      for (let i = 0; i < columns.length; i += 1) places.set(SETS + first + i, at++);
    }
  }
  return { relation, place };
}

/** The functions' rows; the columns of one can run out before another's do. */
export function tableFunction(
  calls: readonly HirTableCall[],
  columns: readonly (readonly HirColumn[])[],
  ordinality: boolean,
): HirRelation {
  const all = columns
    .flat()
    .map((column) => (calls.length === 1 ? column : { ...column, type: { ...column.type, nullable: true } }));
  if (ordinality) all.push({ name: 'ordinality', type: { ...plain('int8'), nullable: false } });
  return { kind: 'tableFunction', columns: all, calls, ordinality };
}

/** A call of a set-returning function with its arguments in place. */
export interface BoundTableCall {
  readonly entry: TableFunctionEntry;
  readonly call: HirTableCall;
  readonly at: number | undefined;
}

/** Resolves the call of a set-returning function. */
export function bindTableCall(node: FuncCall, context: ExpressionContext): BoundTableCall {
  const { statement } = context;
  const at = locationOf(node);
  const name = nameParts(node.funcname).pop()!;
  const entries = tableFunctionsNamed(name);
  if (entries.length === 0) throw statement.unsupported(`set-returning function ${name}()`, at);
  if (node.func_variadic === true) throw statement.unsupported('VARIADIC arguments', at);
  const args = bindArguments(node, context);
  const types = args.values.map((argument) => typeOf(argument.scalar).name);
  const placed = entries.flatMap((entry) => {
    const { arguments: wanted, argumentNames: names = [], optional: defaults = 0 } = entry;
    const placement = placementOf({ types: wanted, names, defaults, variadic: null }, args);
    if (placement === null) return [];
    return [{ ...entry, ...placement, arguments: placement.arguments as readonly TypeName[] }];
  });
  const entry = resolveAmong(placed, types);
  if (typeof entry === 'string') {
    const signature = callText(statement, node, args);
    if (entry === 'ambiguous') {
      throw statement.error('42725', `function ${signature} is not unique`, at, {
        hint: 'Could not choose a best candidate function. You might need to add explicit type casts.',
      });
    }
    throw statement.error('42883', `function ${signature} does not exist`, at, {
      hint: 'No function matches the given name and argument types. You might need to add explicit type casts.',
    });
  }
  const defaults = entry.defaults.map(([type, text]) => literal(type, text));
  const before = entry.places.length - (entry.optional ?? 0);
  const given = entry.places.map((place, i) =>
    place === null ? defaults[i - before]! : operand(context, args.values[place]!, entry.arguments[place]!),
  );
  const operands = entry.optional === undefined ? [...given, ...defaults] : given;
  const all = entry.constant ? [literal(...entry.constant)] : operands;
  return { entry, call: { function: entry.function, arguments: all, canError: canError(entry, all) }, at };
}

/** A series of integers by a step that is not zero ends before it could fail. */
function canError(entry: TableFunctionEntry, args: readonly HirScalar[]): boolean {
  const step = args[2];
  const counts = entry.arguments[0] === 'int4' || entry.arguments[0] === 'int8';
  if (entry.function === 'generateSeries' && counts && step?.kind === 'literal')
    return Number(step.text) === 0;
  return entry.canError;
}

/** The sets of the level that a call stands in; an error where no set can stand. */
function requireSets(context: ExpressionContext, at: number | undefined): SetCollector {
  const { statement, sets } = context;
  if (!(sets instanceof SetCollector)) throw misplaced(statement, context, at);
  if (context.insideAggregate) {
    throw statement.error(
      '0A000',
      'aggregate function calls cannot contain set-returning function calls',
      at,
      {
        hint: 'You might be able to move the set-returning function into a LATERAL FROM item.',
      },
    );
  }
  return sets;
}

/** The elements of an array, which are what a function named `name` gives. */
export function bindElements(
  name: string,
  array: HirScalar,
  context: ExpressionContext,
  at: number | undefined,
): HirScalar {
  const sets = requireSets(context, at);
  const type = { ...plain(elementType(typeOf(array).name)!), nullable: true };
  return sets.register({ function: 'unnest', arguments: [array], canError: false }, [{ name, type }])[0]!;
}

/** The columns of a set that stands in an expression. */
export function registerSet(
  call: HirTableCall,
  columns: readonly HirColumn[],
  context: ExpressionContext,
  at: number | undefined,
): HirScalar[] {
  return requireSets(context, at).register(call, columns);
}

/** A call in an expression. */
export function bindSetInExpression(node: FuncCall, context: ExpressionContext): Bound {
  const at = locationOf(node);
  const sets = requireSets(context, at);
  const { entry, call } = bindTableCall(node, context);
  // NULL where another set of the level has more rows.
  const columns = entry.columns.map(({ name, type }): HirColumn => ({
    name: name ?? entry.name,
    type: { ...plain(type), nullable: true },
  }));
  const values = sets.register(call, columns);
  if (values.length === 1) return { scalar: values[0]!, at };
  const record = makeRecord(columns.map(({ name }, i) => ({ name, scalar: values[i]! })));
  const present = values[entry.columns.findIndex(({ nullable }) => !nullable)];
  if (present === undefined) return { scalar: record, at };
  const type = typeOf(record);
  const branches = [{ condition: isNull(present), result: literal(type.name, null) }];
  return { scalar: { kind: 'case', branches, otherwise: record, type }, at };
}

/** A set where no set can stand. */
export function misplaced(statement: Statement, context: ExpressionContext, at: number | undefined): Error {
  if (context.clause === 'functions in FROM') {
    return statement.error('0A000', 'set-returning functions must appear at top level of FROM', at);
  }
  const { sets, clause } = context;
  if (typeof sets !== 'string') {
    return statement.error('0A000', `set-returning functions are not allowed in ${clause}`, at);
  }
  const message =
    sets === 'window function calls'
      ? `${sets} cannot contain set-returning function calls`
      : `set-returning functions are not allowed in ${sets}`;
  return statement.error('0A000', message, at, {
    hint:
      sets === 'window definitions'
        ? undefined
        : 'You might be able to move the set-returning function into a LATERAL FROM item.',
  });
}
