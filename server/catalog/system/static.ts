/**
 * Raw relations whose rows never change: operators and casts as the planner has them, and the settings.
 */
import { castRows, operatorRows } from '../../../sql/functions/catalog.generated.ts';
import { settings as definitions } from '../../session/settings/table.ts';
import type { RawTable, RawValue } from './raw-table.ts';
import { signatureOid } from './pseudo-types.ts';

export const operators: RawTable = {
  name: 'operators',
  key: [0],
  columns: [
    ['oid', 'oid'],
    ['name', 'name'],
    ['left_oid', 'oid'],
    ['right_oid', 'oid'],
    ['result_oid', 'oid'],
    ['function_oid', 'oid'],
    ['commutator', 'oid'],
    ['negator', 'oid'],
    ['can_merge', 'bool'],
    ['can_hash', 'bool'],
  ],
  fixed: () =>
    operatorRows.map(([oid, name, left, right, result, proc, commutator, negator, canMerge, canHash]) => [
      ...[
        oid,
        name,
        signatureOid(left),
        signatureOid(right),
        signatureOid(result),
        proc,
        commutator,
        negator,
      ],
      ...[canMerge === 1, canHash === 1],
    ]),
};

export const casts: RawTable = {
  name: 'casts',
  key: [0],
  columns: [
    ['oid', 'oid'],
    ['source_oid', 'oid'],
    ['target_oid', 'oid'],
    ['function_oid', 'oid'],
    ['context', 'char'],
    ['method', 'char'],
  ],
  fixed: () =>
    castRows.map(([oid, source, target, proc, context, method]) => [
      ...[oid, signatureOid(source), signatureOid(target), proc, context, method],
    ]),
};

/** PostgreSQL's preset options that no statement sets here, and that clients ask for. */
const PRESETS: readonly (readonly [name: string, value: string, description: string])[] = [
  ['block_size', '8192', 'Shows the size of a disk block.'],
  ['max_function_args', '100', 'Shows the maximum number of function arguments.'],
  ['max_index_keys', '32', 'Shows the maximum number of index keys.'],
];

export const settings: RawTable = {
  name: 'settings',
  key: [0],
  columns: [
    ['name', 'text'],
    ['initial', 'text'],
    ['description', 'text'],
    ['is_fixed', 'bool'],
    ['preset', 'text'],
  ],
  fixed: () => [
    ...[...definitions.values()].map(({ name, initial, description, accept }): RawValue[] => [
      ...[name, initial, description, accept === undefined, null],
    ]),
    ...PRESETS.map(([name, value, description]): RawValue[] => [name, value, description, true, value]),
  ],
};
