/** Frame clauses: PostgreSQL's option bits as a frame, and its offsets checked. */
import type { WindowDef } from '@pgsql/types';
import type { Node } from '@pgsql/types';
import { locationOf } from '../ast/accessors.ts';
import type { Frame, FrameBound, FrameMode } from '../../engine/plan.generated.ts';
import type { HirScalar } from '../hir.ts';
import { canCoerce } from '../types/casts.ts';
import { displayType } from '../types/format.ts';
import { plain } from '../types/table.ts';
import type { TypeName } from '../types/type.ts';
import { coerce, coerceToSpecific } from './coerce.ts';
import type { ExpressionContext } from './context.ts';
import { bindExpression } from './expression.ts';
import { int8Operator } from './limit.ts';
import { isNull, literal, readsColumns, truth, typeOf } from './scalar.ts';

/** The bits of `WindowDef.frameOptions` (PostgreSQL's FRAMEOPTION_…). */
const NONDEFAULT = 0x1;
const RANGE = 0x2;
const ROWS = 0x4;
const GROUPS = 0x8;
const START_UNBOUNDED_PRECEDING = 0x20;
const END_UNBOUNDED_PRECEDING = 0x40;
const START_UNBOUNDED_FOLLOWING = 0x80;
const END_UNBOUNDED_FOLLOWING = 0x100;
const START_CURRENT_ROW = 0x200;
const START_OFFSET_PRECEDING = 0x800;
const END_OFFSET_PRECEDING = 0x1000;
const START_OFFSET_FOLLOWING = 0x2000;
const END_OFFSET_FOLLOWING = 0x4000;
const EXCLUDE_CURRENT_ROW = 0x8000;
const EXCLUDE_GROUP = 0x10000;
const EXCLUDE_TIES = 0x20000;

/** A frame whose offsets are expressions. */
export interface BoundFrame {
  readonly frame: Frame;
  readonly start: HirScalar | null;
  readonly end: HirScalar | null;
}

/**
 * What PostgreSQL asks of a frame's offsets before it reads a row, where they may not fulfil it: true, or an error. Those of RANGE are
 * compared with rows, and are only not NULL before.
 */
export function checkOfOffsets({ frame, start, end }: BoundFrame): HirScalar | null {
  const ends = [
    ['starting', start],
    ['ending', end],
  ] as const;
  const branches = ends.flatMap(([which, offset]) => {
    const isRange = frame.mode === 'range';
    if (offset === null) return [];
    if (offset.kind === 'literal' && offset.text !== null && (isRange || !offset.text.startsWith('-')))
      return [];
    const raise = (sqlstate: string, what: string): HirScalar => {
      return {
        kind: 'raise',
        sqlstate,
        message: `frame ${which} offset must not be ${what}`,
        type: plain('bool'),
      };
    };
    const unknown = { condition: isNull(offset), result: raise('22004', 'null') };
    if (isRange) return [unknown];
    const condition = int8Operator('<', offset, literal('int8', '0'));
    return [unknown, { condition, result: raise('22013', 'negative') }];
  });
  return branches.length === 0
    ? null
    : { kind: 'case', branches, otherwise: truth(true), type: plain('bool') };
}

/** RANGE UNBOUNDED PRECEDING. */
export const USUAL_FRAME: Frame = {
  mode: 'range',
  start: { kind: 'unboundedPreceding' },
  end: { kind: 'currentRow' },
  exclusion: 'noOthers',
};

/** Whether a window says what its frame is. */
export function hasFrame(definition: WindowDef): boolean {
  return ((definition.frameOptions ?? 0) & NONDEFAULT) !== 0;
}

/** Binds the frame of a window that is in the order of `order`. */
export function bindFrame(
  definition: WindowDef,
  order: readonly HirScalar[],
  context: ExpressionContext,
): BoundFrame {
  const options = definition.frameOptions ?? 0;
  if (!hasFrame(definition)) return { frame: USUAL_FRAME, start: null, end: null };
  const { statement } = context;
  const at = locationOf(definition);
  const mode: FrameMode = options & ROWS ? 'rows' : options & GROUPS ? 'groups' : 'range';
  const offsets =
    START_OFFSET_PRECEDING | END_OFFSET_PRECEDING | START_OFFSET_FOLLOWING | END_OFFSET_FOLLOWING;
  if ((options & RANGE) !== 0 && (options & offsets) !== 0 && order.length !== 1) {
    const message = 'RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column';
    throw statement.error('42P20', message, at);
  }
  if (mode === 'groups' && order.length === 0) {
    throw statement.error('42P20', 'GROUPS mode requires an ORDER BY clause', at);
  }
  const offset = (node: Node | undefined): HirScalar | null =>
    node === undefined ? null : bindOffset(node, mode, order[0], context);
  const start: FrameBound =
    options & START_UNBOUNDED_PRECEDING
      ? { kind: 'unboundedPreceding' }
      : options & START_UNBOUNDED_FOLLOWING
        ? { kind: 'unboundedFollowing' }
        : options & START_CURRENT_ROW
          ? { kind: 'currentRow' }
          : { kind: options & START_OFFSET_PRECEDING ? 'preceding' : 'following', column: 0 };
  const end: FrameBound =
    options & END_UNBOUNDED_PRECEDING
      ? { kind: 'unboundedPreceding' }
      : options & END_UNBOUNDED_FOLLOWING
        ? { kind: 'unboundedFollowing' }
        : options & (END_OFFSET_PRECEDING | END_OFFSET_FOLLOWING)
          ? { kind: options & END_OFFSET_PRECEDING ? 'preceding' : 'following', column: 0 }
          : { kind: 'currentRow' };
  const exclusion =
    options & EXCLUDE_CURRENT_ROW
      ? 'currentRow'
      : options & EXCLUDE_GROUP
        ? 'group'
        : options & EXCLUDE_TIES
          ? 'ties'
          : 'noOthers';
  return {
    frame: { mode, start, end, exclusion },
    start: 'column' in start ? offset(definition.startOffset) : null,
    end: 'column' in end ? offset(definition.endOffset) : null,
  };
}

/** The type of a distance between two values of a type, for RANGE. */
function distanceType(type: TypeName): TypeName | null {
  switch (type) {
    case 'int2':
    case 'int4':
    case 'int8':
      return 'int8';
    case 'float4':
    case 'float8':
      return 'float8';
    case 'numeric':
      return 'numeric';
    case 'date':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
    case 'interval':
      return 'interval';
    default:
      return null;
  }
}

/** The type that PostgreSQL's operator class sorts a type's values as. */
function sortedAs(type: TypeName): TypeName {
  return type === 'varchar' ? 'text' : type === 'cidr' ? 'inet' : type;
}

function bindOffset(
  node: Node,
  mode: FrameMode,
  key: HirScalar | undefined,
  context: ExpressionContext,
): HirScalar {
  const { statement } = context;
  const construct = mode.toUpperCase();
  const bound = bindExpression(node, { ...context, collector: null, sets: 'window definitions' });
  if (readsColumns(bound.scalar)) {
    throw statement.error('42P10', `argument of ${construct} must not contain variables`, bound.at);
  }
  if (mode !== 'range') return coerceToSpecific(statement, bound, 'int8', construct);
  const type = typeOf(key!).name;
  const distance = distanceType(type);
  const refused = `RANGE with offset PRECEDING/FOLLOWING is not supported for column type ${displayType(sortedAs(type))}`;
  if (distance === null) throw statement.error('0A000', refused, bound.at);
  const given = typeOf(bound.scalar).name;
  if (given !== 'unknown' && given !== distance && !canCoerce(given, distance)) {
    throw statement.error('0A000', `${refused} and offset type ${displayType(given)}`, bound.at, {
      hint: 'Cast the offset value to an appropriate type.',
    });
  }
  // A literal without a type is of the column's, if there is such a distance.
  const isLiteral = given === 'unknown' && distance === 'int8' && type !== 'int8';
  const read = isLiteral ? { ...bound, scalar: coerce(statement, bound, type, 'implicit')! } : bound;
  return coerce(statement, read, distance, 'implicit')!;
}
