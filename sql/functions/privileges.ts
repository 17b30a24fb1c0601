/** has_table_privilege and its kin. There is one role, and it may do everything that there is to do. */
import type { TypeName } from '../types/type.ts';
import { quoteLiteral } from './quote.ts';
import type { FunctionEntry } from './table.ts';

interface Asked {
  readonly privileges: readonly string[];
  /** What may stand behind one. */
  readonly options?: readonly string[];
  /** What a name of an object is one of: it is there, or that is an error. */
  readonly named?: TypeName;
  /** A column stands behind the object. */
  readonly ofColumn?: true;
}

const COLUMN = ['SELECT', 'INSERT', 'UPDATE', 'REFERENCES'];
// PostgreSQL reads RULE still, which nobody has.
const TABLE = [...COLUMN, 'DELETE', 'TRUNCATE', 'TRIGGER', 'MAINTAIN', 'RULE'];

const ASKED: Readonly<Record<string, Asked>> = {
  has_any_column_privilege: { privileges: COLUMN, named: 'regclass' },
  has_column_privilege: { privileges: COLUMN, named: 'regclass', ofColumn: true },
  has_database_privilege: { privileges: ['CREATE', 'TEMPORARY', 'TEMP', 'CONNECT'] },
  has_foreign_data_wrapper_privilege: { privileges: ['USAGE'] },
  has_function_privilege: { privileges: ['EXECUTE'], named: 'regprocedure' },
  has_language_privilege: { privileges: ['USAGE'] },
  has_parameter_privilege: { privileges: ['SET', 'ALTER SYSTEM'] },
  has_schema_privilege: { privileges: ['CREATE', 'USAGE'], named: 'regnamespace' },
  has_sequence_privilege: { privileges: ['USAGE', 'SELECT', 'UPDATE'], named: 'regclass' },
  has_server_privilege: { privileges: ['USAGE'] },
  has_table_privilege: { privileges: TABLE, named: 'regclass' },
  has_tablespace_privilege: { privileges: ['CREATE'] },
  has_type_privilege: { privileges: ['USAGE'], named: 'regtype' },
  pg_has_role: { privileges: ['MEMBER', 'USAGE', 'SET'], options: ['GRANT', 'ADMIN'] },
};

/** The expression that stands for a call; null: the function asks for no privilege. */
export function privilegeBody({ name, arguments: types }: FunctionEntry): string | null {
  const asked = ASKED[name];
  if (asked === undefined) return null;
  const last = types.length;
  const object = last - (asked.ofColumn ? 2 : 1);
  const present = types.map((type, index) =>
    index + 1 === object && type === 'text' && asked.named !== undefined
      ? `$${object}::${asked.named} IS NOT NULL`
      : `$${index + 1} IS NOT NULL`,
  );
  // Those that are there go, one after the other; what is left begins with one that is not.
  const option = (asked.options ?? ['GRANT']).join('|');
  const known = `^(\\s*(${asked.privileges.join('|')})( WITH (${option}) OPTION)?\\s*,)*`;
  const rest = `regexp_replace($${last} || ',', ${quoteLiteral(known)}, '', 'i')`;
  const message = `'unrecognized privilege type: "' || btrim(split_part(${rest}, ',', 1)) || '"'`;
  return `CASE WHEN ${present.join(' AND ')} THEN ${rest} = '' OR tw_raise('22023', ${message}) END`;
}

/** What PUBLIC and the owner may do to an object of a kind while nobody said anything, in the letters of an aclitem. */
const DEFAULTS: Readonly<Record<string, readonly [everybody: string, owner: string]>> = {
  c: ['', ''],
  r: ['', 'arwdDxtm'],
  s: ['', 'rwU'],
  d: ['Tc', 'CTc'],
  f: ['X', 'X'],
  l: ['U', 'U'],
  L: ['', 'rw'],
  n: ['', 'UC'],
  p: ['', 'sA'],
  t: ['', 'C'],
  F: ['', 'U'],
  S: ['', 'U'],
  T: ['U', 'U'],
};

/** acldefault(kind, owner). */
export const ACL_DEFAULT = `CASE $1 ${Object.entries(DEFAULTS)
  .map(([kind, [everybody, owner]]) => {
    const items = [
      ...(everybody === '' ? [] : [`'=${everybody}/' || g.grantor`]),
      ...(owner === '' ? [] : [`g.grantor || '=${owner}/' || g.grantor`]),
    ];
    const array = items.length === 0 ? "'{}'::text[]" : `ARRAY[${items.join(', ')}]`;
    return `WHEN '${kind}' THEN (SELECT ${array} FROM (SELECT coalesce((SELECT quote_ident(name) FROM tw_internal.roles WHERE oid = $2), $2::text)) AS g (grantor))`;
  })
  .join(' ')}
  ELSE tw_raise('XX000', 'unrecognized object type abbreviation: ' || $1::text)::text::text[] END`;
