/**
 * HIR scalars to MIR scalars. Subqueries append columns to the relation that the scalar is computed over: see
 * `ScalarScope`.
 */
import type { HirScalar } from '../hir.ts';
import type { MirRelation, MirScalar } from '../mir.ts';
import { letIn } from '../mir/relation.ts';
import * as build from '../mir/scalar.ts';
import { isVolatileOpcode } from '../mir/volatile.ts';
import type { LoweringContext } from './context.ts';
import type { Place, Row } from './row.ts';

/** Lowers one node of a scalar over a row; `child` lowers its operands. */
export function lowerScalarWith(
  context: LoweringContext,
  row: Row,
  scalar: HirScalar,
  child: (scalar: HirScalar) => MirScalar,
): MirScalar {
  switch (scalar.kind) {
    case 'literal':
      return build.literal(scalar.type, scalar.text);
    case 'column': {
      const place = row.place(scalar.level ?? 0, scalar.index);
      const type = row.columns[place];
      if (type === undefined) throw new Error(`column ${place} of ${row.columns.length}`);
      // bind may read a column as another type of the same representation.
      return build.column(place, build.withNullable(scalar.type, type.nullable));
    }
    case 'parameter':
      return {
        kind: 'parameter',
        index: context.parameter(scalar.index),
        type: build.withNullable(scalar.type, true),
      };
    case 'session':
      return {
        kind: 'parameter',
        index: context.sessionParameter(scalar.value),
        type: build.withNullable(scalar.type, scalar.value === 'currentSchema'),
      };
    case 'call': {
      const { opcode, name, strict, canError, type } = scalar;
      const occurrence = isVolatileOpcode(opcode) ? { occurrence: context.occurrence(scalar) } : {};
      const properties = { strict, canError, ...occurrence };
      return build.call(opcode, name, scalar.arguments.map(child), type, properties);
    }
    case 'input':
    case 'output': {
      const argument = child(scalar.argument);
      return { kind: scalar.kind, argument, type: build.withNullable(scalar.type, argument.type.nullable) };
    }
    case 'and':
      return build.and(scalar.operands.map(child));
    case 'or':
      return build.or(scalar.operands.map(child));
    case 'not':
      return build.not(child(scalar.operand));
    case 'isNull':
      return build.isNull(child(scalar.operand));
    case 'isTrue':
      return build.isTrue(child(scalar.operand));
    case 'case': {
      const branches = scalar.branches.map((branch) => ({
        condition: child(branch.condition),
        result: child(branch.result),
      }));
      return build.caseOf(branches, child(scalar.otherwise), scalar.type);
    }
    case 'coalesce':
      return build.coalesce(scalar.operands.map(child), scalar.type);
    case 'inList':
      return build.inList(child(scalar.operand), scalar.list.map(child));
    case 'notDistinct':
      return build.notDistinct(child(scalar.left), child(scalar.right));
    case 'array':
      return build.array(scalar.elements.map(child), scalar.nested, scalar.type);
    case 'mapArray':
      return build.mapArray(child(scalar.array), child(scalar.body), scalar.type);
    case 'quantifiedArray':
      return build.quantifiedArray(
        scalar.all,
        child(scalar.left),
        child(scalar.array),
        child(scalar.comparison),
      );
    case 'element':
      return { kind: 'element', index: scalar.index, type: scalar.type };
    case 'once':
      return build.once(scalar.binding, child(scalar.value), child(scalar.body));
    case 'local':
      return (
        context.localColumn(scalar.binding) ?? { kind: 'local', binding: scalar.binding, type: scalar.type }
      );
    case 'raise':
      return {
        kind: 'raise',
        sqlstate: scalar.sqlstate,
        message: scalar.message,
        ...(scalar.about === undefined ? {} : { about: scalar.about }),
        type: build.withNullable(scalar.type, true),
      };
    case 'exists':
    case 'scalarSubquery':
    case 'quantified':
      throw new Error(`${scalar.kind} where no subquery can be`);
  }
}

/** Lowers a scalar without subqueries. */
export function lowerPlainScalar(context: LoweringContext, row: Row, scalar: HirScalar): MirScalar {
  return lowerScalarWith(context, row, scalar, (child) => lowerPlainScalar(context, row, child));
}

/**
 * A relation that grows columns at its end while scalars over it are lowered: each subquery becomes a column of the
 * row, so that the scalar itself is plain. Places of existing columns stay.
 *
 * A subquery that can raise an error must not do so for rows that never reach it (an empty input, another CASE
 * branch). So it is lowered under a `Domain` of the rows that satisfy its path condition (`reach`).
 */
export class ScalarScope {
  readonly context: LoweringContext;
  readonly place: Place;
  relation: MirRelation;
  readonly #lets: { readonly id: number; readonly value: MirRelation }[] = [];

  constructor(context: LoweringContext, relation: MirRelation, place: Place) {
    this.context = context;
    this.relation = relation;
    this.place = place;
  }

  get row(): Row {
    return { columns: this.relation.columns, place: this.place };
  }

  /** The relation so far, bound so that it can be read again. */
  shared(): MirRelation {
    if (this.relation.kind === 'getLet') return this.relation;
    const { id, read } = this.context.bind(this.relation);
    this.#lets.push({ id, value: this.relation });
    this.relation = read;
    return read;
  }

  /** Binds a helper relation for the rest of this scope. */
  bind(value: MirRelation): MirRelation {
    if (value.kind === 'getLet') return value;
    const { id, read } = this.context.bind(value);
    this.#lets.push({ id, value });
    return read;
  }

  /** What was built on top, wrapped in this scope's bindings. */
  finish(body: MirRelation = this.relation): MirRelation {
    return this.#lets.reduceRight((inner, { id, value }) => letIn(id, value, inner), body);
  }
}
