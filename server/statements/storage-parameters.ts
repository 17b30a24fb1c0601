/** PostgreSQL 18's storage parameters: which relations have them, and which values they take. They have no effect here. */
import type { DefElem, Node } from '@pgsql/types';
import { nodeAs } from '../../sql/ast/accessors.ts';
import type { Option } from '../../sql/ast/options.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { SqlError } from '../../sql/error.ts';
import { positionOf } from '../catalog/names.ts';
import { parseBoolean } from '../session/settings/definition.ts';

/** What has parameters: relations, an index by its method, and a column. */
export type ParameterOwner =
  'table' | 'view' | 'materializedView' | 'column' | 'btree' | 'hash' | 'gin' | 'gist' | 'spgist' | 'brin';

/** A parameter as it is given; `text` is null in RESET. */
export interface GivenParameter {
  readonly name: string;
  readonly text: string | null;
  readonly location: number;
}

type Values =
  | { readonly kind: 'boolean' }
  | { readonly kind: 'integer' | 'floating point'; readonly least: number; readonly greatest: number }
  | { readonly kind: 'enum'; readonly names: readonly string[]; readonly valid: string };

const BOOLEAN: Values = { kind: 'boolean' };
const GREATEST_INTEGER = 2_147_483_647;
const integer = (least: number, greatest = GREATEST_INTEGER): Values => ({
  kind: 'integer',
  least,
  greatest,
});
const real = (least: number, greatest: number): Values => ({ kind: 'floating point', least, greatest });
const words = (names: string, valid: string): Values => ({ kind: 'enum', names: names.split(' '), valid });

const FILLFACTOR = integer(10, 100);
const DISTINCT = real(-1, Number.MAX_VALUE);

/** Of tables and of what keeps their large values, which `toast.` names. */
const KEEPING: Readonly<Record<string, Values>> = {
  autovacuum_enabled: BOOLEAN,
  autovacuum_vacuum_threshold: integer(0),
  autovacuum_vacuum_max_threshold: integer(-1),
  autovacuum_vacuum_insert_threshold: integer(-1),
  autovacuum_vacuum_cost_delay: real(0, 100),
  autovacuum_vacuum_cost_limit: integer(1, 10_000),
  autovacuum_vacuum_scale_factor: real(0, 100),
  autovacuum_vacuum_insert_scale_factor: real(0, 100),
  autovacuum_freeze_min_age: integer(0, 1_000_000_000),
  autovacuum_freeze_max_age: integer(100_000, 2_000_000_000),
  autovacuum_freeze_table_age: integer(0, 2_000_000_000),
  autovacuum_multixact_freeze_min_age: integer(0, 1_000_000_000),
  autovacuum_multixact_freeze_max_age: integer(10_000, 2_000_000_000),
  autovacuum_multixact_freeze_table_age: integer(0, 2_000_000_000),
  log_autovacuum_min_duration: integer(-1),
  vacuum_index_cleanup: words('auto on off true false yes no 1 0', '"on", "off", and "auto"'),
  vacuum_truncate: BOOLEAN,
  vacuum_max_eager_freeze_failure_rate: real(0, 1),
};

const TABLE: Readonly<Record<string, Values>> = {
  ...KEEPING,
  fillfactor: FILLFACTOR,
  autovacuum_analyze_threshold: integer(0),
  autovacuum_analyze_scale_factor: real(0, 100),
  parallel_workers: integer(0, 1024),
  toast_tuple_target: integer(128, 8160),
  user_catalog_table: BOOLEAN,
};

const PARAMETERS: Readonly<Record<ParameterOwner, Readonly<Record<string, Values>>>> = {
  table: TABLE,
  materializedView: TABLE,
  view: {
    security_barrier: BOOLEAN,
    security_invoker: BOOLEAN,
    check_option: words('local cascaded', '"local" and "cascaded"'),
  },
  column: { n_distinct: DISTINCT, n_distinct_inherited: DISTINCT },
  btree: {
    fillfactor: FILLFACTOR,
    deduplicate_items: BOOLEAN,
    vacuum_cleanup_index_scale_factor: real(0, 1e10),
  },
  hash: { fillfactor: FILLFACTOR },
  gin: { fastupdate: BOOLEAN, gin_pending_list_limit: integer(64) },
  gist: { fillfactor: FILLFACTOR, buffering: words('auto on off', '"on", "off", and "auto"') },
  spgist: { fillfactor: FILLFACTOR },
  brin: { autosummarize: BOOLEAN, pages_per_range: integer(1, 131_072) },
};

/** A parameter as PostgreSQL's trees have it. */
export function givenParameter({ defnamespace, defname = '', arg, location = 0 }: DefElem): GivenParameter {
  const name = defnamespace === undefined ? defname : `${defnamespace}.${defname}`;
  return { name, text: arg === undefined ? 'true' : definitionText(arg), location };
}

/** One of an option list of ours. */
export function givenOption(option: Option): GivenParameter {
  return { name: option.name, text: optionText(option), location: option.location };
}

/** An option's value as a text. */
export function optionText({ value }: Option): string {
  switch (value.kind) {
    case 'flag':
      return 'true';
    case 'word':
      return value.name.parts.join('.');
    case 'string':
    case 'number':
    case 'interval':
      return value.value;
    default:
      return '';
  }
}

/** The value of an option in PostgreSQL's trees as a text. */
export function definitionText(node: Node): string {
  if ('String' in node) return node.String.sval ?? '';
  if ('Boolean' in node) return String(node.Boolean.boolval ?? false);
  if ('Integer' in node) return String(node.Integer.ival ?? 0);
  if ('Float' in node) return node.Float.fval ?? '';
  const type = nodeAs(node, 'TypeName')?.names?.at(-1);
  return type === undefined ? '' : (nodeAs(type, 'String')?.sval ?? '');
}

/** Whether what is called so has a parameter of this name. */
export function isStorageParameter(name: string, owner: ParameterOwner): boolean {
  return valuesOf(name, owner) !== undefined;
}

function valuesOf(name: string, owner: ParameterOwner): Values | undefined {
  const kept = /^toast\.(.*)$/.exec(name)?.[1];
  if (kept === undefined) return own(PARAMETERS[owner], name);
  return owner === 'table' || owner === 'materializedView' ? own(KEEPING, kept) : undefined;
}

function own(values: Readonly<Record<string, Values>>, name: string): Values | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

/** Refuses a parameter that there is not, and a value that it does not take. */
export function requireParameter(
  parsed: ParsedStatement,
  { name, text, location }: GivenParameter,
  owner: ParameterOwner,
): void {
  const values = valuesOf(name, owner);
  const position = positionOf(parsed, location);
  const invalid = (message: string, more: { detail?: string; hint?: string | undefined } = {}): SqlError =>
    new SqlError({ sqlstate: '22023', message, ...more, position });
  if (values === undefined) {
    const namespace = /^([^.]*)\./.exec(name)?.[1];
    if (namespace !== undefined && namespace !== 'toast') {
      throw invalid(`unrecognized parameter namespace "${namespace}"`);
    }
    // What other databases say of a table that only grows.
    const hint = /^append_?only$/.test(name)
      ? 'Leave it out: a table takes updates and deletes as well.'
      : undefined;
    throw invalid(`unrecognized parameter "${name.replace(/^toast\./, '')}"`, { hint });
  }
  if (text === null) return;
  const bare = name.replace(/^toast\./, '');
  const wrong = (): SqlError => invalid(`invalid value for ${values.kind} option "${bare}": ${text}`);
  switch (values.kind) {
    case 'boolean':
      if (parseBoolean(text) === undefined) throw wrong();
      return;
    case 'enum':
      if (values.names.includes(text.toLowerCase())) return;
      throw invalid(wrong().message, { detail: `Valid values are ${values.valid}.` });
    default: {
      const isInteger = values.kind === 'integer';
      if (!/^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$/.test(text)) throw wrong();
      const { least, greatest } = values;
      const number = isInteger ? Math.round(Number(text)) : Number(text);
      if (number >= least && number <= greatest) return;
      const shown = (bound: number): string =>
        isInteger ? String(bound) : `${BigInt(Math.trunc(bound))}.000000`;
      throw invalid(`value ${text} out of bounds for option "${bare}"`, {
        detail: `Valid values are between "${shown(least)}" and "${shown(greatest)}".`,
      });
    }
  }
}

/** Refuses a list that gives one parameter twice. */
export function refuseRepeated(parameters: readonly GivenParameter[]): void {
  const seen = new Set<string>();
  for (const { name } of parameters) {
    if (seen.has(name)) {
      const message = `parameter "${name}" specified more than once`;
      throw new SqlError({ sqlstate: '22023', message });
    }
    seen.add(name);
  }
}
