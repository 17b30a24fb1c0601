/**
 * The aggregates by name: what the engine computes for them. Signatures of PostgreSQL's are in its catalog; those of other
 * databases stand here.
 */
import type { AggregateFunction } from '../../engine/plan.generated.ts';
import type { TypeName } from '../types/type.ts';
import type { FunctionEntry } from './table.ts';

/** How the call of an aggregate becomes one of the engine's. */
export interface AggregateDefinition {
  readonly function: AggregateFunction;
  /** A function of the rows in an order; of others ORDER BY changes nothing. */
  readonly ordered?: true;
  /** WITHIN GROUP (ORDER BY x): its last argument is x, those before it are direct ones. */
  readonly withinGroup?: true;
  /** What arguments become before the engine sees them. */
  readonly convert?: readonly ('json' | 'jsonb' | 'text' | null)[];
  /** It wants to know besides whether its argument is an array or a row, which json_agg gives lines of their own. */
  readonly lines?: true;
  /** Its result is a value of the argument of this number, and of its domain. */
  readonly gives?: number;
  /** The value where the second argument is the least, or greatest. */
  readonly extreme?: 'least' | 'greatest';
  /** Each distinct value counts once, without being told. */
  readonly alwaysDistinct?: true;
  /** Cannot be called with OVER. */
  readonly noWindow?: true;
}

const object = ['text', 'jsonb'] as const;
const jsonObject = ['text', 'json'] as const;
const greatest = { function: 'first', ordered: true, extreme: 'greatest', gives: 0, noWindow: true } as const;
const least = { ...greatest, extreme: 'least' } as const;

const definitions: Readonly<Record<string, AggregateDefinition>> = {
  count: { function: 'count' },
  sum: { function: 'sum' },
  avg: { function: 'avg' },
  min: { function: 'min' },
  max: { function: 'max' },
  bool_and: { function: 'boolAnd' },
  every: { function: 'boolAnd' },
  bool_or: { function: 'boolOr' },
  any_value: { function: 'leastRepresentation', gives: 0 },
  approx_count_distinct: { function: 'count', alwaysDistinct: true, noWindow: true },
  var_pop: { function: 'varPop' },
  var_samp: { function: 'varSamp' },
  variance: { function: 'varSamp' },
  stddev_pop: { function: 'stddevPop' },
  stddev_samp: { function: 'stddevSamp' },
  stddev: { function: 'stddevSamp' },
  corr: { function: 'corr' },
  covar_pop: { function: 'covarPop' },
  covar_samp: { function: 'covarSamp' },
  regr_avgx: { function: 'regrAvgx' },
  regr_avgy: { function: 'regrAvgy' },
  regr_count: { function: 'regrCount' },
  regr_intercept: { function: 'regrIntercept' },
  regr_r2: { function: 'regrR2' },
  regr_slope: { function: 'regrSlope' },
  regr_sxx: { function: 'regrSxx' },
  regr_sxy: { function: 'regrSxy' },
  regr_syy: { function: 'regrSyy' },
  bit_and: { function: 'bitAnd' },
  bit_or: { function: 'bitOr' },
  bit_xor: { function: 'bitXor' },
  string_agg: { function: 'stringAgg', ordered: true },
  array_agg: { function: 'arrayAgg', ordered: true },
  range_agg: { function: 'rangeAgg', ordered: true },
  range_intersect_agg: { function: 'rangeIntersectAgg', ordered: true },
  json_agg: { function: 'jsonAgg', ordered: true, convert: ['json'], lines: true },
  json_agg_strict: { function: 'jsonAggStrict', ordered: true, convert: ['json'], lines: true },
  json_object_agg: { function: 'jsonObjectAgg', ordered: true, convert: jsonObject },
  json_object_agg_strict: { function: 'jsonObjectAggStrict', ordered: true, convert: jsonObject },
  json_object_agg_unique: { function: 'jsonObjectAggUnique', ordered: true, convert: jsonObject },
  json_object_agg_unique_strict: {
    function: 'jsonObjectAggUniqueStrict',
    ordered: true,
    convert: jsonObject,
  },
  jsonb_agg: { function: 'jsonbAgg', ordered: true, convert: ['jsonb'] },
  jsonb_agg_strict: { function: 'jsonbAggStrict', ordered: true, convert: ['jsonb'] },
  jsonb_object_agg: { function: 'jsonbObjectAgg', ordered: true, convert: object },
  jsonb_object_agg_strict: { function: 'jsonbObjectAggStrict', ordered: true, convert: object },
  jsonb_object_agg_unique: { function: 'jsonbObjectAggUnique', ordered: true, convert: object },
  jsonb_object_agg_unique_strict: { function: 'jsonbObjectAggUniqueStrict', ordered: true, convert: object },
  percentile_cont: { function: 'percentileCont', ordered: true, withinGroup: true },
  percentile_disc: { function: 'percentileDisc', ordered: true, withinGroup: true, gives: 1 },
  mode: { function: 'mode', ordered: true, withinGroup: true, gives: 0 },
  arg_max: greatest,
  max_by: greatest,
  arg_min: least,
  min_by: least,
};

/** The aggregate of this name. */
export function aggregateNamed(name: string): AggregateDefinition {
  const definition = definitions[name];
  if (definition === undefined) throw new Error(`no aggregate ${name}`);
  return definition;
}

function ownAggregate(
  name: string,
  args: readonly string[],
  result: FunctionEntry['result'],
  description: string,
): FunctionEntry {
  return {
    oid: 0,
    name,
    arguments: args,
    result,
    opcode: 'aggregate_dummy',
    strict: false,
    volatility: 'immutable',
    kind: 'aggregate',
    canError: false,
    canBeNull: true,
    native: false,
    body: null,
    description,
  };
}

const pair = ['anyelement', 'any'] as const;

/** Aggregates that PostgreSQL has not, under the names that other databases give them. */
export const ownAggregates: readonly FunctionEntry[] = [
  ownAggregate('approx_count_distinct', ['any'], 'int8', 'number of distinct values, which here is exact'),
  ...['arg_max', 'max_by'].map((name) =>
    ownAggregate(name, pair, 'anyelement' as TypeName, 'the first argument where the second is greatest'),
  ),
  ...['arg_min', 'min_by'].map((name) =>
    ownAggregate(name, pair, 'anyelement' as TypeName, 'the first argument where the second is least'),
  ),
];
