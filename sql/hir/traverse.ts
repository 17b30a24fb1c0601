/**
 * Walking HIR through subqueries: which columns of the rows around a relation it reads, and rewriting references
 * wherever they stand.
 */
import type { HirRelation, HirScalar } from '../hir.ts';
import type { NullableType } from '../types/type.ts';

export type HirColumnReference = Extract<HirScalar, { kind: 'column' }>;

/** The scalars, relations and lateral relations that make up a node. */
interface Parts {
  scalar(scalar: HirScalar): HirScalar;
  /** `level`: by how many the levels inside are higher. */
  relation(relation: HirRelation, level: 0 | 1): HirRelation;
}

const optional = (scalar: HirScalar | null, parts: Parts): HirScalar | null =>
  scalar === null ? null : parts.scalar(scalar);

/** The list itself if nothing in it changed, so that unchanged trees stay shared. */
function mapList<T>(list: readonly T[], map: (item: T) => T): readonly T[] {
  let changed = false;
  const mapped = list.map((item) => {
    const after = map(item);
    changed ||= after !== item;
    return after;
  });
  return changed ? mapped : list;
}

/** Rebuilds a scalar from its direct parts. What is over a row or elements of its own (comparisons, bodies) stays. */
export function mapScalarParts(scalar: HirScalar, parts: Parts): HirScalar {
  switch (scalar.kind) {
    case 'literal':
    case 'column':
    case 'parameter':
    case 'session':
    case 'element':
    case 'local':
    case 'raise':
      return scalar;
    case 'exists':
    case 'scalarSubquery': {
      const relation = parts.relation(scalar.relation, 1);
      return relation === scalar.relation ? scalar : { ...scalar, relation };
    }
    case 'call': {
      const operands = mapList(scalar.arguments, (child) => parts.scalar(child));
      return operands === scalar.arguments ? scalar : { ...scalar, arguments: operands };
    }
    case 'input':
    case 'output': {
      const argument = parts.scalar(scalar.argument);
      return argument === scalar.argument ? scalar : { ...scalar, argument };
    }
    case 'and':
    case 'or':
    case 'coalesce': {
      const operands = mapList(scalar.operands, (child) => parts.scalar(child));
      return operands === scalar.operands ? scalar : { ...scalar, operands };
    }
    case 'not':
    case 'isNull':
    case 'isTrue': {
      const operand = parts.scalar(scalar.operand);
      return operand === scalar.operand ? scalar : { ...scalar, operand };
    }
    case 'case': {
      const branches = mapList(scalar.branches, (branch) => {
        const condition = parts.scalar(branch.condition);
        const result = parts.scalar(branch.result);
        return condition === branch.condition && result === branch.result ? branch : { condition, result };
      });
      const otherwise = parts.scalar(scalar.otherwise);
      return branches === scalar.branches && otherwise === scalar.otherwise
        ? scalar
        : { ...scalar, branches, otherwise };
    }
    case 'inList': {
      const operand = parts.scalar(scalar.operand);
      const list = mapList(scalar.list, (child) => parts.scalar(child));
      return operand === scalar.operand && list === scalar.list ? scalar : { ...scalar, operand, list };
    }
    case 'notDistinct': {
      const left = parts.scalar(scalar.left);
      const right = parts.scalar(scalar.right);
      return left === scalar.left && right === scalar.right ? scalar : { ...scalar, left, right };
    }
    case 'array': {
      const elements = mapList(scalar.elements, (child) => parts.scalar(child));
      return elements === scalar.elements ? scalar : { ...scalar, elements };
    }
    case 'mapArray': {
      const array = parts.scalar(scalar.array);
      return array === scalar.array ? scalar : { ...scalar, array };
    }
    case 'quantifiedArray': {
      const left = parts.scalar(scalar.left);
      const array = parts.scalar(scalar.array);
      return left === scalar.left && array === scalar.array ? scalar : { ...scalar, left, array };
    }
    case 'once': {
      const value = parts.scalar(scalar.value);
      const body = parts.scalar(scalar.body);
      return value === scalar.value && body === scalar.body ? scalar : { ...scalar, value, body };
    }
    case 'quantified': {
      const left = parts.scalar(scalar.left);
      const relation = parts.relation(scalar.relation, 1);
      return left === scalar.left && relation === scalar.relation ? scalar : { ...scalar, left, relation };
    }
  }
}

/** Rebuilds a relation from its direct parts. */
export function mapRelationParts(relation: HirRelation, parts: Parts): HirRelation {
  switch (relation.kind) {
    case 'get':
    case 'getLet':
      return relation;
    case 'constant': {
      const rows = mapList(relation.rows, (row) => mapList(row, (scalar) => parts.scalar(scalar)));
      return rows === relation.rows ? relation : { ...relation, rows };
    }
    case 'tableFunction': {
      const calls = mapList(relation.calls, (call) => {
        const operands = mapList(call.arguments, (scalar) => parts.scalar(scalar));
        return operands === call.arguments ? call : { ...call, arguments: operands };
      });
      return calls === relation.calls ? relation : { ...relation, calls };
    }
    case 'let': {
      const value = parts.relation(relation.value, 0);
      const body = parts.relation(relation.body, 0);
      return value === relation.value && body === relation.body ? relation : { ...relation, value, body };
    }
    case 'join': {
      const left = parts.relation(relation.left, 0);
      const right = parts.relation(relation.right, relation.lateral === true ? 1 : 0);
      const on = optional(relation.on, parts);
      return left === relation.left && right === relation.right && on === relation.on
        ? relation
        : { ...relation, left, right, on };
    }
    case 'setOperation': {
      const left = parts.relation(relation.left, 0);
      const right = parts.relation(relation.right, 0);
      return left === relation.left && right === relation.right ? relation : { ...relation, left, right };
    }
    case 'project':
    case 'distinct':
    case 'window':
    case 'timeWindow': {
      const input = parts.relation(relation.input, 0);
      return input === relation.input ? relation : { ...relation, input };
    }
    case 'filter': {
      const input = parts.relation(relation.input, 0);
      const condition = parts.scalar(relation.condition);
      return input === relation.input && condition === relation.condition
        ? relation
        : { ...relation, input, condition };
    }
    case 'map': {
      const input = parts.relation(relation.input, 0);
      const scalars = mapList(relation.scalars, (scalar) => parts.scalar(scalar));
      return input === relation.input && scalars === relation.scalars
        ? relation
        : { ...relation, input, scalars };
    }
    case 'aggregate': {
      const input = parts.relation(relation.input, 0);
      const keys = mapList(relation.keys, (key) => parts.scalar(key));
      const aggregates = mapList(relation.aggregates, (aggregate) => {
        const args = mapList(aggregate.arguments, parts.scalar);
        const order = mapList(aggregate.order, (key) => {
          const scalar = parts.scalar(key.scalar);
          return scalar === key.scalar ? key : { ...key, scalar };
        });
        const filter = optional(aggregate.filter, parts);
        return args === aggregate.arguments && order === aggregate.order && filter === aggregate.filter
          ? aggregate
          : { ...aggregate, arguments: args, order, filter };
      });
      return input === relation.input && keys === relation.keys && aggregates === relation.aggregates
        ? relation
        : { ...relation, input, keys, aggregates };
    }
    case 'topK': {
      const input = parts.relation(relation.input, 0);
      const limit = optional(relation.limit, parts);
      const offset = optional(relation.offset, parts);
      return input === relation.input && limit === relation.limit && offset === relation.offset
        ? relation
        : { ...relation, input, limit, offset };
    }
  }
}

/**
 * Replaces each column reference of a scalar, those in subqueries too. `depth`: how many levels stand between the
 * reference and the scalar; a reference of level `depth` is to the scalar's own row.
 */
export function mapReferences(
  scalar: HirScalar,
  replace: (column: HirColumnReference, depth: number) => HirScalar,
  depth = 0,
): HirScalar {
  if (scalar.kind === 'column') return replace(scalar, depth);
  return mapScalarParts(scalar, {
    scalar: (child) => mapReferences(child, replace, depth),
    relation: (relation, level) =>
      isClosed(relation) ? relation : mapRelationReferences(relation, replace, depth + level),
  });
}

/** `mapReferences` for all scalars of a relation, which stands `depth` levels down. */
export function mapRelationReferences(
  relation: HirRelation,
  replace: (column: HirColumnReference, depth: number) => HirScalar,
  depth: number,
): HirRelation {
  return mapRelationParts(relation, {
    scalar: (scalar) => mapReferences(scalar, replace, depth),
    relation: (inner, level) => mapRelationReferences(inner, replace, depth + level),
  });
}

const moved = (column: HirColumnReference, by: number): HirColumnReference => {
  const { level = 0, ...rest } = column;
  return level + by === 0 ? rest : { ...rest, level: level + by };
};

/** The scalar as it is written `by` levels further in; with a negative `by`, further out. */
export function liftScalar(scalar: HirScalar, by: number): HirScalar {
  if (by === 0) return scalar;
  return mapReferences(scalar, (column, depth) =>
    (column.level ?? 0) >= depth ? moved(column, by) : column,
  );
}

/** The relation without one of its levels, whose columns it does not read: those around that level come nearer. */
export function withoutLevel(relation: HirRelation, dropped: number): HirRelation {
  return mapRelationReferences(
    relation,
    (column, depth) => ((column.level ?? 0) > dropped + depth ? moved(column, -1) : column),
    0,
  );
}

/** A column of a row around a relation. */
export interface OuterColumn {
  /** 1 is the row directly around it. */
  readonly level: number;
  readonly index: number;
}

/** What a relation or scalar reads from around it. */
export interface Free {
  readonly columns: readonly (OuterColumn & { readonly type: NullableType })[];
  /** CTEs that are defined around it. */
  readonly bindings: readonly number[];
}

/** A row has fewer columns. */
const MOST_COLUMNS = 2 ** 20;

class FreeCollector {
  /** By level and index. */
  readonly columns = new Map<number, OuterColumn & { readonly type: NullableType }>();
  readonly bindings = new Set<number>();

  column(level: number, index: number, type: NullableType): void {
    const key = level * MOST_COLUMNS + index;
    if (!this.columns.has(key)) this.columns.set(key, { level, index, type });
  }

  /** What stands `levels` further in, as seen from here. */
  add(free: Free, levels: number, least: number): void {
    for (const { level, index, type } of free.columns) {
      if (level - levels >= least) this.column(level - levels, index, type);
    }
    for (const binding of free.bindings) this.bindings.add(binding);
  }

  done(): Free {
    return { columns: [...this.columns.values()], bindings: [...this.bindings] };
  }
}

const freeOfRelations = new WeakMap<HirRelation, Free>();

/** What a relation reads from around it: columns of level 1 and up. */
export function freeOfRelation(relation: HirRelation): Free {
  const known = freeOfRelations.get(relation);
  if (known !== undefined) return known;
  const collector = new FreeCollector();
  if (relation.kind === 'getLet') collector.bindings.add(relation.binding);
  mapRelationParts(relation, {
    scalar: (scalar) => {
      collector.add(freeOfScalar(scalar), 0, 1);
      return scalar;
    },
    relation: (inner, level) => {
      collector.add(freeOfRelation(inner), level, 1);
      return inner;
    },
  });
  if (relation.kind === 'let') collector.bindings.delete(relation.binding);
  const free = collector.done();
  freeOfRelations.set(relation, free);
  return free;
}

/** What a scalar reads, from its own row (level 0) and from around it. */
export function freeOfScalar(scalar: HirScalar): Free {
  const collector = new FreeCollector();
  const visit = (node: HirScalar): HirScalar => {
    if (node.kind === 'column') collector.column(node.level ?? 0, node.index, node.type);
    return mapScalarParts(node, {
      scalar: visit,
      relation: (relation, level) => {
        collector.add(freeOfRelation(relation), level, 0);
        return relation;
      },
    });
  };
  visit(scalar);
  return collector.done();
}

/** Whether a relation reads no row around it; CTEs around it don't count. */
export function isClosed(relation: HirRelation): boolean {
  return freeOfRelation(relation).columns.length === 0;
}
