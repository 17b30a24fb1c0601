/** The domains that the columns of information_schema's views are of, as PostgreSQL has them. */
import { postgresColumns } from '../../../sql/functions/postgres-names.ts';
import type { SqlType } from '../../../sql/types/type.ts';
import type { ObjectId } from '../../../sql/catalog.ts';
import type { DomainObject } from '../objects.ts';

/** Behind the system's views. */
const FIRST_DOMAIN_ID = 13700;

interface Domain {
  readonly name: string;
  readonly type: SqlType;
  readonly defaultText?: string;
  readonly check?: { readonly name: string; readonly text: string };
}

const DOMAINS: readonly Domain[] = [
  {
    name: 'cardinal_number',
    type: { name: 'int4', typmod: -1 },
    check: { name: 'cardinal_number_domain_check', text: 'VALUE >= 0' },
  },
  { name: 'character_data', type: { name: 'varchar', typmod: -1 } },
  { name: 'sql_identifier', type: { name: 'name', typmod: -1 } },
  { name: 'time_stamp', type: { name: 'timestamptz', typmod: 2 }, defaultText: 'CURRENT_TIMESTAMP(2)' },
  {
    name: 'yes_or_no',
    // varchar(3)
    type: { name: 'varchar', typmod: 7 },
    check: {
      name: 'yes_or_no_check',
      text: "(VALUE)::text = ANY ((ARRAY['YES'::character varying, 'NO'::character varying])::text[])",
    },
  },
];

/** Each has three ids: its own, that of its arrays, that of its CHECK. */
export const INFORMATION_DOMAINS: readonly DomainObject[] = DOMAINS.map(
  ({ name, type, defaultText = null, check }, index): DomainObject => {
    const id = FIRST_DOMAIN_ID + 3 * index;
    return {
      kind: 'type',
      form: 'domain',
      id,
      arrayId: id + 1,
      schema: 'information_schema',
      name,
      dependsOn: [],
      statement: null,
      type,
      over: null,
      notNull: null,
      defaultText,
      checks: check === undefined ? [] : [{ id: id + 2, ...check, validated: true }],
    };
  },
);

const ids = new Map(INFORMATION_DOMAINS.map(({ name, id }) => [name, id]));

/** The domains of a view's columns, by their names. */
export function informationDomains(schema: string, view: string): ReadonlyMap<string, ObjectId> {
  if (schema !== 'information_schema') return new Map();
  return new Map(
    postgresColumns(schema, view).flatMap(({ name, domain }) => {
      const id = ids.get(domain ?? '');
      return id === undefined ? [] : [[name, id] as const];
    }),
  );
}
