/**
 * The physical plan as text: nodes in dependency order, then the output.
 */
import type {
  Expr,
  KeyExpr,
  Mfp,
  Node,
  Operator,
  OrderKey,
  Output,
  ReduceClass,
} from '../../engine/plan.generated.ts';
import type { CatalogReader, ObjectId } from '../catalog.ts';
import type { PhysicalPlan } from '../physical/physical.ts';
import { arrangementUses, importNote, importedArrangement, isImport, useText } from './arrangements.ts';
import { exprText, mfpLines } from './expr.ts';
import { indexHints } from './hints.ts';
import { aggregateText, columnList, indent, literalText, orderText } from './text.ts';
import { windowText } from './window.ts';

const keyText = (key: readonly KeyExpr[]): string => key.map(({ expr }) => exprText(expr)).join(', ');

/** Prints one plan; knows the catalog's arrangements by id. */
class PlanPrinter {
  readonly #physical: PhysicalPlan;
  readonly #catalog: CatalogReader;

  readonly #unnamed: ReadonlySet<ObjectId>;

  constructor(physical: PhysicalPlan, catalog: CatalogReader, unnamed: ReadonlySet<ObjectId>) {
    this.#physical = physical;
    this.#catalog = catalog;
    this.#unnamed = unnamed;
  }

  /** `arrangements`: with what each operator reuses and makes. */
  print(arrangements: boolean): string {
    const { nodes, output } = this.#physical.plan;
    const transient = output.kind === 'rows' || output.kind === 'write';
    const uses = arrangements ? arrangementUses(this.#physical, this.#catalog, this.#unnamed) : [];
    const usesOf = (node: number | null): string[] =>
      indent(uses.filter((use) => use.node === node).map((use) => useText(use, transient)));
    return [
      ...nodes.flatMap((_, index) => [...this.#node(index), ...usesOf(index)]),
      ...outputLines(output, nodes),
      ...usesOf(null),
      ...indexHints(this.#physical, this.#catalog).map((hint) => `hint: ${hint}`),
    ].join('\n');
  }

  #node(index: number): string[] {
    const node = this.#physical.plan.nodes[index]!;
    const [head, ...details] = this.#operator(node);
    return [`%${index} = ${head}`, ...indent(details)];
  }

  #arity(node: number): number {
    return this.#physical.plan.nodes[node]!.columns.length;
  }

  /** `arrangement public.orders[customer_id] (shared by 3)`. */
  #arrangement(node: Node): string {
    if (!isImport(node)) throw new Error('no arrangement is read');
    const imported = importedArrangement(node, this.#physical, this.#catalog, this.#unnamed);
    return `arrangement ${imported.relation}[${imported.key.join(', ')}]${importNote(imported)}`;
  }

  #operator(node: Node): string[] {
    const { operator } = node;
    switch (operator.kind) {
      case 'constant':
        return [constantText(node, operator)];
      case 'import':
        return [this.#arrangement(node)];
      case 'lookup': {
        const field = (expr: Expr, at: number): string =>
          operator.each?.includes(at) === true ? `each ${exprText(expr)}` : exprText(expr);
        const shown = operator.keys.slice(0, 4).map((row) => `(${row.map(field).join(', ')})`);
        const more = operator.keys.length > 4 ? `, … ${operator.keys.length} keys` : '';
        if (operator.range === undefined)
          return [`lookup in ${this.#arrangement(node)}: ${shown.join(', ')}${more}`];
        const { from, to, present } = operator.range;
        const parts = [
          ...(operator.keys[0]?.length === 0 ? [] : [`${shown.join(', ')}${more}`]),
          ...(from === null ? [] : [`from ${exprText(from)}`]),
          ...(to === null ? [] : [`to ${exprText(to)}`]),
          ...(present === true ? ['not null'] : []),
          ...(operator.descending === true ? ['descending'] : []),
        ];
        const of = parts.length === 0 ? '' : `: ${parts.join(' ')}`;
        return [`scan of ${this.#arrangement(node)}${of}`];
      }
      case 'mfp':
        return [`map/filter %${operator.input}`, ...mfpLines(operator.mfp, this.#arity(operator.input))];
      case 'flatMap':
        return [
          `flat map %${operator.input}${operator.ordinality ? ' with ordinality' : ''}`,
          ...operator.calls.map((call) => `${call.function}(${call.arguments.map(exprText).join(', ')})`),
        ];
      case 'arrange':
        return [`arrange %${operator.input} by [${keyText(operator.layout.key)}] (local)`];
      case 'join':
        return this.#join(operator);
      case 'deltaJoin':
        return this.#deltaJoin(operator);
      case 'reduce':
        return [`${reduceText(operator.class)} %${operator.input} by [${keyText(operator.key)}]`];
      case 'topK': {
        const by = operator.key.length === 0 ? '' : ` by [${keyText(operator.key)}]`;
        const order =
          operator.order.length === 0 ? '' : ` order by ${operator.order.map(orderText).join(', ')}`;
        const limit = operator.limit === null ? '' : ` limit ${exprText(operator.limit)}`;
        const offset = operator.offset === null ? '' : ` offset ${exprText(operator.offset)}`;
        const ties = operator.withTies ? ' with ties' : '';
        const form = operator.monotonic === true ? 'top-k (monotonic)' : 'top-k';
        const sorted = sortedText(operator.order, operator.sorted);
        return [`${form} %${operator.input}${by}${order}${limit}${offset}${ties}${sorted}`];
      }
      case 'window':
        return [
          `window (recomputes partitions) %${operator.input}`,
          windowText(operator.calls, keyText(operator.key), operator.order),
        ];
      case 'negate':
      case 'threshold':
        return [`${operator.kind} %${operator.input}`];
      case 'union':
        return [`union ${operator.inputs.map((input) => `%${input}`).join(' ')}`];
      case 'guard':
        return [`guard %${operator.input} by [${keyText(operator.key)}]: else ${operator.sqlstate}`];
    }
  }

  #deltaJoin({ paths }: Extract<Operator, { kind: 'deltaJoin' }>): string[] {
    const lines = paths.flatMap(({ source, start, columns, stages }) => {
      let arity = columns.length;
      const lookUps = stages.flatMap(({ arrangement, key, nullSafe, closure, columns: next }) => {
        const safe = nullSafe.some(Boolean) ? ' (null safe)' : '';
        const details = mfpLines(closure, arity + this.#arity(arrangement));
        arity = next.length;
        return [`look up %${arrangement} by [${keyText(key)}]${safe}`, ...indent(details)];
      });
      return [`changes of %${source}`, ...indent([...mfpLines(start, this.#arity(source)), ...lookUps])];
    });
    return ['delta join', ...lines];
  }

  #join(operator: Extract<Operator, { kind: 'join' }>): string[] {
    const details = mfpLines(operator.closure, this.#arity(operator.left) + this.#arity(operator.right));
    if (operator.nullSafe.length === 0) {
      return [`cross join %${operator.left} %${operator.right}`, ...details];
    }
    const left = this.#physical.plan.nodes[operator.left]!.operator;
    const right = this.#physical.plan.nodes[operator.right]!.operator;
    const keys = [left, right].map((side) => ('layout' in side ? keyText(side.layout.key) : ''));
    const safe = operator.nullSafe.some(Boolean) ? ' (null safe)' : '';
    return [`join %${operator.left} %${operator.right} on [${keys[0]}] = [${keys[1]}]${safe}`, ...details];
  }
}

function constantText(node: Node, operator: Extract<Operator, { kind: 'constant' }>): string {
  if (operator.rows.length === 0) return 'constant: no rows';
  const rows = operator.rows.slice(0, 4).map((row) => {
    const values = row.values.map((value, at) => literalText(node.columns[at]!.scalar, value));
    return `(${values.join(', ')})${row.diff === 1 ? '' : ` x ${row.diff}`}`;
  });
  const more = operator.rows.length > 4 ? `, … ${operator.rows.length} rows` : '';
  return `constant ${rows.join(', ')}${more}`;
}

function reduceText(reduce: ReduceClass): string {
  if (reduce.class === 'distinct') return 'distinct';
  const aggregates = reduce.aggregates.map((aggregate) =>
    aggregateText(
      aggregate.function,
      aggregate.arguments.map((argument) => exprText(argument.expr)),
      {
        distinct: reduce.class === 'basic' && reduce.distinct,
        order:
          reduce.class === 'basic'
            ? reduce.order.map((key) => ({ ...key, text: exprText(key.key.expr) }))
            : [],
        filter: aggregate.filter === null ? null : exprText(aggregate.filter),
      },
    ),
  );
  const form = reduce.class === 'accumulable' && reduce.monotonic === true ? ', monotonic' : '';
  return `reduce (${reduce.class}${form}) ${aggregates.join(', ')} of`;
}

/** What is computed for rows of so many columns once they are in order. */
function completedLines(completed: Mfp | undefined, width: number): string[] {
  return completed === undefined ? [] : ['  completed in order', ...indent(mfpLines(completed, width))];
}

function outputLines(output: Output, nodes: readonly Node[]): string[] {
  switch (output.kind) {
    case 'arrangement':
      return [`maintain %${output.node} by [${keyText(output.layout.key)}]`];
    case 'subscription':
      return [`subscribe %${output.node}`];
    case 'rows': {
      const { order, sorted, limit, offset, withTies, completed, projection } = output.finishing;
      const parts = [
        order.length === 0 ? '' : ` order by ${order.map(orderText).join(', ')}`,
        limit === null ? '' : ` limit ${exprText(limit)}`,
        offset === null ? '' : ` offset ${exprText(offset)}`,
        withTies ? ' with ties' : '',
        sortedText(order, sorted),
        ` output ${columnList(projection)}`,
      ];
      return [
        `rows %${output.node}${parts.join('')}`,
        ...completedLines(completed, nodes[output.node]!.columns.length),
      ];
    }
    case 'write': {
      const deleted = output.deleted === null ? '' : ` delete %${output.deleted}`;
      const inserted = output.inserted === null ? '' : ` insert %${output.inserted}`;
      const returning =
        output.returning === null
          ? []
          : [
              `  returning ${columnList(output.returning.projection)}${output.returned === null ? '' : ` of %${output.returned}`}`,
            ];
      const { conflict } = output;
      const resolved =
        conflict === null
          ? []
          : conflict.update === null
            ? ['  on conflict do nothing']
            : [
                '  on conflict do update',
                ...mfpLines(conflict.update, 2 * conflict.arbiters[0]!.layout.restore.length),
              ];
      const { completed } = output;
      const made = completed && completedLines(completed, nodes[output.inserted!]!.columns.length - 1);
      return [`write${deleted}${inserted}`, ...(made ?? []), ...resolved, ...returning];
    }
  }
}

/**
 * The plan as text; `unnamed`: the views that are read in the place of their queries; `arrangements`: with what each
 * operator reuses and makes.
 */
export function printPlan(
  physical: PhysicalPlan,
  catalog: CatalogReader,
  unnamed: ReadonlySet<ObjectId>,
  arrangements: boolean,
): string {
  return new PlanPrinter(physical, catalog, unnamed).print(arrangements);
}

/** The first sort keys, if rows come in the order of so many. */
function sortedText(order: readonly OrderKey[], sorted = 0): string {
  return sorted === 0 ? '' : ` (rows come by ${order.slice(0, sorted).map(orderText).join(', ')})`;
}
