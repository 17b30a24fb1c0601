/**
 * The output of a write: which nodes hold the rows that leave and enter, what RETURNING reads, what a conflict does.
 */
import type { Output } from '../../engine/plan.generated.ts';
import type { MirScalar, MirType } from '../mir.ts';
import { column, columnsRead, isNull, literal, not, notDistinct, remapColumns } from '../mir/scalar.ts';
import type { Flow, PlanBuilder } from './builder.ts';
import { FusedSteps } from './mfp.ts';
import type { Target } from './physical.ts';

type WriteTarget = Extract<Target, { kind: 'write' }>;
type WriteOutput = Extract<Output, { kind: 'write' }>;

/** Plans the output over the write's relation. */
export function planWrite(builder: PlanBuilder, flow: Flow, target: WriteTarget): WriteOutput {
  const output = planRows(builder, flow, target);
  const { returningQuery: query, ordered } = target;
  return {
    ...output,
    ...(query === null ? {} : { returningQuery: query.plan }),
    ...(ordered ? { ordered } : {}),
  };
}

function planRows(builder: PlanBuilder, flow: Flow, target: WriteTarget): WriteOutput {
  const arrangement = builder.primary(target.object).id;
  const width = builder.catalog.relation(target.object).columns.length;
  const returns = target.returning;
  const references = builder.catalog.relation(target.object).referencedBy?.() ?? [];
  // Foreign keys that act follow a key from the old row to the new one.
  const acts = references.some(
    ({ onDelete, onUpdate }) => onDelete !== 'noAction' || onUpdate !== 'noAction',
  );
  switch (target.operation) {
    case 'insert': {
      const inOrder = target.ordered ? completedInOrder(builder, flow) : null;
      const inserted = inOrder?.inserted ?? builder.materialize(flow);
      const columns = target.ordered ? flow.columns.slice(0, -1) : flow.columns;
      const conflict = planConflict(columns, width, target);
      const old = columns.slice(0, width).map((type) => ({ ...type, nullable: true }));
      const row = conflict === null ? columns : [...old, ...columns];
      const returning = returns && programOf(row, returns);
      const completed = inOrder === null ? {} : { completed: inOrder.completed };
      return {
        kind: 'write',
        arrangement,
        ...{ deleted: null, inserted, returned: null },
        ...completed,
        returning,
        conflict,
      };
    }
    case 'delete': {
      if (flow.columns.length === width) {
        const deleted = builder.materialize(flow);
        const returning = returns && programOf(flow.columns, returns);
        return write({ arrangement, deleted, inserted: null, returned: null, returning });
      }
      const parts = new Parts(builder, flow);
      const deleted = parts.between(0, width);
      const returned = returns && parts.between(0, flow.columns.length);
      const returning = returns && programOf(flow.columns, returns);
      return write({ arrangement, deleted, inserted: null, returned, returning });
    }
    case 'update': {
      const parts = new Parts(builder, flow);
      const deleted = parts.between(0, width);
      const inserted = parts.between(width, 2 * width);
      const replaced = acts ? { replaced: parts.between(0, 2 * width) } : {};
      const rows = { arrangement, deleted, inserted, ...replaced };
      if (returns === null) return write({ ...rows, returned: null, returning: null });
      const reads = returns.flatMap((scalar) => [...columnsRead(scalar)]);
      const arity = flow.columns.length;
      // What reads the new row alone runs over that.
      const from = reads.every((index) => index >= width) ? width : 0;
      const isNew = from === width && reads.every((index) => index < 2 * width);
      const returned = isNew ? null : parts.between(from, arity);
      const row = flow.columns.slice(from, isNew ? 2 * width : arity);
      const scalars = returns.map((scalar) => remapColumns(scalar, (index) => index - from));
      return write({ ...rows, returned, returning: programOf(row, scalars) });
    }
    case 'merge': {
      const parts = new Parts(builder, flow);
      const action = column(2 * width, flow.columns[2 * width]!);
      const is = (text: string): MirScalar =>
        notDistinct(action, literal({ name: 'text', typmod: -1 }, text));
      const deleted = parts.between(0, width, [not(is('INSERT'))]);
      const inserted = parts.between(width, 2 * width, [not(is('DELETE'))]);
      const replaced = acts ? { replaced: parts.between(0, 2 * width, [is('UPDATE')]) } : {};
      const returned = parts.between(0, flow.columns.length, [not(isNull(action))]);
      const returning = returns && programOf(flow.columns, returns);
      return write({ arrangement, deleted, inserted, ...replaced, returned, returning });
    }
  }
}

function write(output: Omit<WriteOutput, 'kind' | 'conflict'>): WriteOutput {
  return { kind: 'write', conflict: null, ...output };
}

function programOf(row: readonly MirType[], scalars: readonly MirScalar[]): WriteOutput['returning'] {
  const places = scalars.map((_, index) => row.length + index);
  return FusedSteps.identity(row).map(scalars).project(places).toMfp();
}

function planConflict(
  columns: readonly MirType[],
  width: number,
  { arbiters, update, check: checked }: WriteTarget,
): WriteOutput['conflict'] {
  if (arbiters === null) return null;
  const keys = arbiters.map(({ arrangement, layout, nullsEqual }) => ({ arrangement, layout, nullsEqual }));
  const check = checked === null ? {} : { check: programOf(columns, [checked])! };
  if (update === null) return { arbiters: keys, update: null, ...check };
  const old = columns.slice(0, width).map((type) => ({ ...type, nullable: true }));
  const row = [...old, ...columns];
  const steps = FusedSteps.identity(row).filter(update.condition === null ? [] : [update.condition]);
  const places = update.values.map((_, index) => row.length + index);
  return { arbiters: keys, update: steps.map(update.values).project(places).toMfp(), ...check };
}

/**
 * Rows with their number last, from before what is volatile is computed for them; that is done when they are in order. Null
 * where nothing is.
 */
function completedInOrder(
  builder: PlanBuilder,
  { node, steps }: Flow,
): { readonly inserted: number; readonly completed: NonNullable<WriteOutput['completed']> } | null {
  const rest = steps.isVolatile ? steps.withoutLast() : null;
  if (rest === null) return null;
  const { input } = steps;
  const others = input.flatMap((_, index) => (index === rest.from ? [] : [index]));
  const numbered = FusedSteps.identity(input).project([...others, rest.from]);
  const columns = [...others, rest.from].map((index) => input[index]!);
  return { inserted: builder.materialize({ node, steps: numbered, columns }), completed: rest.steps.toMfp() };
}

/** Parts of one node's rows: what they have in common is computed once. */
class Parts {
  readonly #builder: PlanBuilder;
  readonly #all: Flow;

  constructor(builder: PlanBuilder, flow: Flow) {
    this.#builder = builder;
    this.#all = builder.flow(builder.materialize(flow));
  }

  between(from: number, to: number, where: readonly MirScalar[] = []): number {
    const indexes = Array.from({ length: to - from }, (_, index) => from + index);
    const { node, steps, columns } = this.#all;
    return this.#builder.materialize({
      node,
      steps: steps.filter(where).project(indexes),
      columns: indexes.map((index) => columns[index]!),
    });
  }
}
