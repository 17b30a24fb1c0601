/**
 * What to index: relations that a plan for rows scans although conditions fix or bound some columns, or though only the first rows
 * in an order are wanted, and arrangements that it makes anew each time; in a maintained plan, arrangements of its own that an index
 * would stand in for.
 */
import type { Expr, Mfp, Node, Plan } from '../../engine/plan.generated.ts';
import type { CatalogReader, CatalogRelation } from '../catalog.ts';
import type { PhysicalPlan } from '../physical/physical.ts';
import { ORDERED } from '../physical/lookup.ts';
import { quoted } from './text.ts';

/** A relation under a node, with what each of the node's columns is of it; null: something computed. */
interface Base {
  readonly relation: CatalogRelation;
  readonly columns: readonly (number | null)[];
}

/** `CREATE INDEX …` with its reason, each once. */
export function indexHints(physical: PhysicalPlan, catalog: CatalogReader): string[] {
  const { plan } = physical;
  const once = plan.output.kind === 'rows' || plan.output.kind === 'write';
  const hints = new Set<string>();
  plan.nodes.forEach(({ operator }, index) => {
    if (operator.kind === 'arrange') {
      const base = baseOf(plan, operator.input, catalog);
      const columns =
        base &&
        keyColumns(
          operator.layout.key.map((key) => key.expr),
          base,
        );
      if (!base || !columns || hasIndex(catalog, base.relation, columns)) return;
      hints.add(
        `${createIndex(base.relation, columns)} would be used instead of the arrangement that %${index} makes` +
          (once ? ' each time' : ''),
      );
    } else if (once && operator.kind === 'mfp') {
      const base = baseOf(plan, operator.input, catalog);
      if (!base || plan.nodes[operator.input]!.operator.kind !== 'import') return;
      const fixed = relationColumns(fixedColumns(operator.mfp), base);
      const columns =
        fixed.length > 0 ? fixed : relationColumns(boundedColumns(operator.mfp), base).slice(0, 1);
      if (columns.length === 0 || hasIndex(catalog, base.relation, columns)) return;
      const part = fixed.length > 0 ? 'a look-up' : 'a range';
      hints.add(
        `${createIndex(base.relation, columns)} would make ${part} of the scan that %${index} filters`,
      );
    }
  });
  const order = orderHint(plan, catalog);
  if (order !== null) hints.add(order);
  return [...hints];
}

/** An index in the order of which the rows would come, where only the first are wanted and all are read. */
function orderHint({ nodes, output }: Plan, catalog: CatalogReader): string | null {
  if (output.kind !== 'rows') return null;
  const { node, finishing } = output;
  const [first] = finishing.order;
  if (first === undefined || finishing.limit === null || finishing.sorted !== undefined) return null;
  const base = baseOf({ nodes }, node, catalog);
  if (base === null) return null;
  const other = finishing.order.findIndex(
    ({ column, descending, nullsFirst }) =>
      descending !== first.descending ||
      descending !== nullsFirst ||
      !ORDERED.has(nodes[node]!.columns[column]!.scalar),
  );
  const keys = finishing.order.slice(0, other < 0 ? undefined : other).map(({ column }) => column);
  const sorted = relationColumns(keys, base);
  if (sorted.length === 0 || sorted.length < new Set(keys).size) return null;
  const { operator } = nodes[node]!;
  const fixed =
    operator.kind === 'mfp'
      ? relationColumns(fixedColumns(operator.mfp), {
          ...base,
          columns: baseOf({ nodes }, operator.input, catalog)!.columns,
        })
      : [];
  const columns = [...new Set([...fixed, ...sorted])];
  return `${createIndex(base.relation, columns)} would give the rows in their order, up to the limit`;
}

/** The relation's columns among those of a node, each once. */
function relationColumns(columns: readonly number[], base: Base): number[] {
  return [...new Set(columns)].flatMap((column) => base.columns[column] ?? []);
}

function baseOf(plan: Pick<Plan, 'nodes'>, node: number, catalog: CatalogReader): Base | null {
  const { label, operator }: Node = plan.nodes[node]!;
  if (operator.kind === 'import') {
    const name = label.replace(/^import /, '');
    const dot = name.indexOf('.');
    const relation = catalog.findRelation(name.slice(0, dot), name.slice(dot + 1));
    if (relation === null || relation.kind === 'systemTable') return null;
    return { relation, columns: relation.columns.map((_, index) => index) };
  }
  if (operator.kind !== 'mfp') return null;
  const below = baseOf(plan, operator.input, catalog);
  return (
    below && { ...below, columns: operator.mfp.projection.map((column) => below.columns[column] ?? null) }
  );
}

function keyColumns(key: readonly Expr[], base: Base): number[] | null {
  const columns = key.map((expr) => {
    const inner = expr.kind === 'canonical' ? expr.operand : expr;
    return inner.kind === 'column' ? (base.columns[inner.index] ?? null) : null;
  });
  return columns.length > 0 && columns.every((column) => column !== null) ? columns : null;
}

/** Columns that a condition fixes to a value. */
function fixedColumns(mfp: Mfp): number[] {
  return mfp.predicates.flatMap(({ condition }) => {
    if (condition.kind === 'inList') return columnOf(condition.operand);
    if (condition.kind === 'notDistinct') return fixedBy([condition.left, condition.right]);
    if (condition.kind !== 'call' || !condition.opcode.endsWith('eq')) return [];
    return fixedBy(condition.arguments);
  });
}

/** Columns that a condition compares with a value by `<` and its kin. */
function boundedColumns(mfp: Mfp): number[] {
  return mfp.predicates.flatMap(({ condition }) =>
    condition.kind === 'call' && /(?:lt|le|gt|ge)$/.test(condition.opcode)
      ? fixedBy(condition.arguments)
      : [],
  );
}

function columnOf(expr: Expr): number[] {
  const inner = expr.kind === 'canonical' ? expr.operand : expr;
  return inner.kind === 'column' ? [inner.index] : [];
}

function fixedBy(sides: readonly Expr[]): number[] {
  const constant = (expr: Expr | undefined): boolean =>
    expr?.kind === 'literal' ||
    expr?.kind === 'parameter' ||
    (expr?.kind === 'canonical' && constant(expr.operand));
  const [left, right] = sides;
  if (left && constant(right)) return columnOf(left);
  return right && constant(left) ? columnOf(right) : [];
}

function hasIndex(catalog: CatalogReader, relation: CatalogRelation, columns: readonly number[]): boolean {
  const wanted = new Set(columns);
  return catalog.arrangements(relation.id).some(({ layout }) => {
    const key = layout.key.map(({ expr }) => columnOf(expr)[0]);
    return key.length > 0 && key.every((column) => column !== undefined && wanted.has(column));
  });
}

function createIndex(relation: CatalogRelation, columns: readonly number[]): string {
  const names = columns.map((column) => quoted(relation.columns[column]!.name));
  return `CREATE INDEX ON ${quoted(relation.schema)}.${quoted(relation.name)} (${names.join(', ')})`;
}
