/** The extensions of PostgreSQL that are built in, as the functions that they are made of, and what is said of others. */

/** A function: what stands between its name and its body, and its body. */
interface Member {
  readonly name: string;
  readonly signature: string;
  /** An expression over $1, $2…, whose names are PostgreSQL's own. */
  readonly body: string;
}

export interface KnownExtension {
  readonly version: string;
  readonly comment: string;
  readonly functions: readonly Member[];
}

function member(name: string, signature: string, body: string): Member {
  return { name, signature, body };
}

/** Names of RFC 9562's name spaces: they differ in one digit. */
const nameSpace = (digit: number): string => `'6ba7b81${digit}-9dad-11d1-80b4-00c04fd430c8'::uuid`;

/** The uuid of a hash, with these for its version and variant. */
function uuidOf(hash: string, version: number): string {
  const versioned = `set_byte(${hash}, 6, (get_byte(${hash}, 6) & 15) | ${version << 4})`;
  return `encode(set_byte(${versioned}, 8, (get_byte(${hash}, 8) & 63) | 128), 'hex')::uuid`;
}

/** A name within a name space, hashed. */
function named(algorithm: string, version: number): string {
  const bytes = `decode(replace($1::text, '-', ''), 'hex') || convert_to($2, 'UTF8')`;
  return uuidOf(`substring(tw_digest(${bytes}, '${algorithm}') for 16)`, version);
}

/** The time in steps of 100 ns since 1582-10-15, which a uuid begins with the least of. */
const TIME = `regexp_replace(lpad(to_hex(floor(extract(epoch FROM clock_timestamp()) * 10000000)::int8 + 122192928000000000), 16, '0'),
  '^.(...)(....)(........)$', '\\3\\21\\1')`;
/** Then random bits for the clock's sequence and the node, which is said to be no network card's. */
const TIMED = `(${TIME} || overlay(substring(gen_random_uuid()::text from 20) placing 'b' from 7))::uuid`;

const bytesOf = (parameter: string): string => `convert_to(${parameter}, 'UTF8')`;

export const KNOWN_EXTENSIONS: ReadonlyMap<string, KnownExtension> = new Map([
  [
    'uuid-ossp',
    {
      version: '1.1',
      comment: 'generate universally unique identifiers (UUIDs)',
      functions: [
        member(
          'uuid_nil',
          '() RETURNS uuid IMMUTABLE STRICT',
          `'00000000-0000-0000-0000-000000000000'::uuid`,
        ),
        member('uuid_ns_dns', '() RETURNS uuid IMMUTABLE STRICT', nameSpace(0)),
        member('uuid_ns_url', '() RETURNS uuid IMMUTABLE STRICT', nameSpace(1)),
        member('uuid_ns_oid', '() RETURNS uuid IMMUTABLE STRICT', nameSpace(2)),
        member('uuid_ns_x500', '() RETURNS uuid IMMUTABLE STRICT', nameSpace(4)),
        member('uuid_generate_v1', '() RETURNS uuid VOLATILE STRICT', TIMED),
        member('uuid_generate_v1mc', '() RETURNS uuid VOLATILE STRICT', TIMED),
        member(
          'uuid_generate_v3',
          '(namespace uuid, name text) RETURNS uuid IMMUTABLE STRICT',
          named('md5', 3),
        ),
        member('uuid_generate_v4', '() RETURNS uuid VOLATILE STRICT', 'gen_random_uuid()'),
        member(
          'uuid_generate_v5',
          '(namespace uuid, name text) RETURNS uuid IMMUTABLE STRICT',
          named('sha1', 5),
        ),
      ],
    },
  ],
  [
    'pgcrypto',
    {
      version: '1.4',
      comment: 'cryptographic functions',
      functions: [
        member('digest', '(text, text) RETURNS bytea IMMUTABLE STRICT', `tw_digest(${bytesOf('$1')}, $2)`),
        member('digest', '(bytea, text) RETURNS bytea IMMUTABLE STRICT', 'tw_digest($1, $2)'),
        member(
          'hmac',
          '(text, text, text) RETURNS bytea IMMUTABLE STRICT',
          `tw_hmac(${bytesOf('$1')}, ${bytesOf('$2')}, $3)`,
        ),
        member('hmac', '(bytea, bytea, text) RETURNS bytea IMMUTABLE STRICT', 'tw_hmac($1, $2, $3)'),
        member('gen_random_bytes', '(int4) RETURNS bytea VOLATILE STRICT', 'tw_random_bytes($1)'),
        member('gen_random_uuid', '() RETURNS uuid VOLATILE', 'pg_catalog.gen_random_uuid()'),
      ],
    },
  ],
]);

/** Extensions that there is nothing to make of, and why: no answer depends on them. */
export const WITHOUT_EFFECT: ReadonlyMap<string, string> = new Map([
  ['tidewire', 'It is always there.'],
  ['plpgsql', 'Functions in it are refused where they are created.'],
  ['btree_gin', 'Its operator classes are for indexes of gin.'],
  ['btree_gist', 'Its operator classes are for indexes of gist.'],
  ['pg_stat_statements', 'Nothing is noted of statements.'],
]);

/** What to write in place of others. */
export const INSTEAD: Readonly<Record<string, string>> = {
  citext: 'Compare lower(column), or keep it in a generated column.',
  hstore: 'Use jsonb.',
  pg_trgm: 'LIKE, ILIKE and regular expressions are there without it.',
  unaccent: "Use translate(), or regexp_replace(normalize(text, NFD), '[\\u0300-\\u036f]', '', 'g').",
};

/**
 * An extension that is always there, as plpgsql is in PostgreSQL: what PostgreSQL has nothing like belongs to it, so that dumps,
 * which leave out extensions' objects, have what PostgreSQL can load.
 */
export const OWN_EXTENSION = {
  oid: 13_010,
  version: '0.1.0',
  comment: 'sources, sinks and what reads them',
};
