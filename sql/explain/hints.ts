/**
 * What to index: relations that a plan for rows scans although equalities fix some columns, and arrangements that it makes
 * anew each time; in a maintained plan, arrangements of its own that an index would stand in for.
 */
import type { Expr, Mfp, Node, Plan } from '../../engine/plan.generated.ts';
import type { CatalogReader, CatalogRelation } from '../catalog.ts';
import type { PhysicalPlan } from '../physical/physical.ts';
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
      const columns = [...new Set(fixedColumns(operator.mfp))].flatMap(
        (column) => base.columns[column] ?? [],
      );
      if (columns.length === 0 || hasIndex(catalog, base.relation, columns)) return;
      hints.add(
        `${createIndex(base.relation, columns)} would make a look-up of the scan that %${index} filters`,
      );
    }
  });
  return [...hints];
}

function baseOf(plan: Plan, node: number, catalog: CatalogReader): Base | null {
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
