/**
 * What each operator of a plan reuses and what it keeps itself: EXPLAIN WITH (ARRANGEMENTS). `render` in the engine is what
 * this describes.
 */
import type { KeyExpr, Layout, Node, Operator, Plan } from '../../engine/plan.generated.ts';
import type { CatalogReader, ObjectId } from '../catalog.ts';
import type { PhysicalPlan } from '../physical/physical.ts';
import { exprText } from './expr.ts';
import { IN_PLACE } from './text.ts';

/** An arrangement of a named relation that a plan imports. */
export interface ImportedArrangement {
  /** schema.name */
  readonly relation: string;
  readonly key: readonly string[];
  /** The relation's own, an index, one shared by dataflows, or one that is made for this plan and shared from then on. */
  readonly kind: 'own' | 'index' | 'shared' | 'new';
  /** Of an index. */
  readonly name: string | null;
  /** The objects whose dataflows hold a shared one. */
  readonly users: readonly string[];
  /** Of a view that is read in the place of its query. */
  readonly inPlace?: true;
}

/** What one operator does with arrangements; `node` null: the output. */
export type ArrangementUse =
  | { readonly node: number | null; readonly reuses: ImportedArrangement }
  /** Arrangements of this plan's own nodes. */
  | { readonly node: number | null; readonly reuses: { readonly nodes: readonly number[] } }
  | { readonly node: number | null; readonly makes: { readonly of: string; readonly by: readonly string[] } }
  | { readonly node: number | null; readonly keeps: 'nothing' };

/** The columns of a key, by name where they are the relation's own. */
export function keyNames(key: readonly KeyExpr[], columns: readonly { readonly name: string }[]): string[] {
  return key.map(({ expr }) => {
    const inner = expr.kind === 'canonical' ? expr.operand : expr;
    return (inner.kind === 'column' ? columns[inner.index]?.name : undefined) ?? exprText(expr);
  });
}

/** The arrangement that an import or a look-up reads. */
export function importedArrangement(
  node: Node & { readonly operator: Extract<Operator, { kind: 'import' | 'lookup' }> },
  physical: PhysicalPlan,
  catalog: CatalogReader,
  unnamed: ReadonlySet<ObjectId>,
): ImportedArrangement {
  const { arrangement: id, layout } = node.operator;
  const name = node.label.replace(/^(?:import|lookup) /, '');
  const dot = name.indexOf('.');
  const relation = catalog.findRelation(name.slice(0, dot), name.slice(dot + 1));
  const key = keyNames(layout.key, relation?.columns ?? []);
  const inPlace = relation !== null && unnamed.has(relation.id) ? { inPlace: true as const } : {};
  const described = { relation: name, key, name: null, users: [], ...inPlace };
  if (physical.shared.some((request) => request.id === id)) return { ...described, kind: 'new' };
  const known =
    relation === null ? undefined : catalog.arrangements(relation.id).find((item) => item.id === id);
  if (known === undefined || known.primary) return { ...described, kind: 'own' };
  if (known.name !== null) return { ...described, kind: 'index', name: known.name };
  return { ...described, kind: 'shared', users: known.users?.() ?? [] };
}

export function isImport(
  node: Node,
): node is Node & { readonly operator: Extract<Operator, { kind: 'import' | 'lookup' }> } {
  return node.operator.kind === 'import' || node.operator.kind === 'lookup';
}

const keyTexts = (key: readonly KeyExpr[]): string[] => key.map(({ expr }) => exprText(expr));

const sameLayout = (left: Layout, right: Layout): boolean => JSON.stringify(left) === JSON.stringify(right);

/** The arrangements that a delta join looks up, each once. */
function lookedUp({ paths }: Extract<Operator, { kind: 'deltaJoin' }>): number[] {
  const nodes = paths.flatMap(({ stages }) => stages.map(({ arrangement }) => arrangement));
  return [...new Set(nodes)].toSorted((a, b) => a - b);
}

/** Whether the output hands on the arrangement of its node. */
function isDirect(plan: Plan): boolean {
  if (plan.output.kind !== 'arrangement') return false;
  const { operator } = plan.nodes[plan.output.node]!;
  return (
    (operator.kind === 'arrange' || operator.kind === 'reduce') &&
    sameLayout(operator.layout, plan.output.layout)
  );
}

/** The arrangements of all operators, in the plan's order; the output's last. */
export function arrangementUses(
  physical: PhysicalPlan,
  catalog: CatalogReader,
  unnamed: ReadonlySet<ObjectId>,
): ArrangementUse[] {
  const { plan } = physical;
  const direct = isDirect(plan);
  /** Nodes whose rows are wanted by key. */
  const joined = new Set(
    plan.nodes.flatMap(({ operator }) => {
      if (operator.kind === 'deltaJoin') return lookedUp(operator);
      return operator.kind === 'join' ? [operator.left, operator.right] : [];
    }),
  );
  if (direct && plan.output.kind === 'arrangement') joined.add(plan.output.node);
  const uses = plan.nodes.flatMap((node, index) => ofNode(node, index));
  if (plan.output.kind === 'arrangement') {
    const { node, layout } = plan.output;
    uses.push(
      direct
        ? { node: null, reuses: { nodes: [node] } }
        : { node: null, makes: { of: 'the result', by: keyTexts(layout.key) } },
    );
  }
  return uses;

  function ofNode(node: Node, index: number): ArrangementUse[] {
    const makes = (of: string, by: readonly string[]): ArrangementUse => ({ node: index, makes: { of, by } });
    const { operator } = node;
    switch (operator.kind) {
      case 'import':
      case 'lookup':
        return isImport(node)
          ? [{ node: index, reuses: importedArrangement(node, physical, catalog, unnamed) }]
          : [];
      case 'arrange':
        return [makes(`the rows of %${operator.input}`, keyTexts(operator.layout.key))];
      case 'join':
        return [{ node: index, reuses: { nodes: [...new Set([operator.left, operator.right])] } }];
      case 'deltaJoin':
        return [{ node: index, reuses: { nodes: lookedUp(operator) } }];
      case 'reduce': {
        const by = keyTexts(operator.key);
        const result = joined.has(index) ? [makes('its groups', keyTexts(operator.layout.key))] : [];
        switch (operator.class.class) {
          case 'distinct':
            return [makes('a count for each group', by), ...result];
          case 'accumulable':
            return [makes('a state for each group', by), ...result];
          case 'hierarchical':
            return [makes(`the values of %${operator.input}, in order`, by), makes('its groups', by)];
          case 'basic':
            return [makes(`the values of %${operator.input}, in order`, by), makes('its groups', by)];
        }
        return [];
      }
      case 'topK':
        if (operator.monotonic === true)
          return [makes('the rows that can be among its rows', keyTexts(operator.key))];
        return [
          makes(`the rows of %${operator.input}, in order`, keyTexts(operator.key)),
          makes('its rows', keyTexts(operator.key)),
        ];
      case 'window':
        return [
          makes(`the rows of %${operator.input}, in order`, keyTexts(operator.key)),
          makes('its rows', keyTexts(operator.key)),
        ];
      case 'threshold':
        return [makes('a count for each row', [])];
      case 'guard':
        return [makes('a count for each key', keyTexts(operator.key))];
      default:
        return [{ node: index, keeps: 'nothing' }];
    }
  }
}

/** `(shared by 2)`, behind an arrangement's name. */
export function importNote(imported: ImportedArrangement): string {
  return `${kindNote(imported)}${imported.inPlace ? IN_PLACE : ''}`;
}

function kindNote(imported: ImportedArrangement): string {
  switch (imported.kind) {
    case 'own':
      return '';
    case 'new':
      return ' (shared, new)';
    case 'index':
      return ` (index ${imported.name})`;
    case 'shared':
      return imported.users.length === 0 ? ' (shared)' : ` (shared by ${imported.users.length})`;
  }
}

/** One line of text. `transient`: the plan runs once and keeps nothing behind it. */
export function useText(use: ArrangementUse, transient: boolean): string {
  if ('keeps' in use) return 'keeps nothing';
  if ('makes' in use) {
    const by = use.makes.by.length === 0 ? '' : ` by [${use.makes.by.join(', ')}]`;
    return `makes an arrangement of ${use.makes.of}${by}${transient ? ', for this execution' : ''}`;
  }
  const { reuses } = use;
  if ('nodes' in reuses) return `reuses ${reuses.nodes.map((node) => `%${node}`).join(' and ')}`;
  const place = reuses.inPlace ? IN_PLACE : '';
  const what = `${reuses.relation} by [${reuses.key.join(', ')}]${place}`;
  switch (reuses.kind) {
    case 'own':
      return `reuses ${what}: the relation's own`;
    case 'index':
      return `reuses ${what}: index ${reuses.name}`;
    case 'shared':
      return `reuses ${what}: ${reuses.users.length === 0 ? 'shared' : `shared by ${reuses.users.join(', ')}`}`;
    case 'new':
      return `makes ${what}: to be shared with other dataflows`;
  }
}
