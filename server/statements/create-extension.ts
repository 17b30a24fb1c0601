/** CREATE EXTENSION is refused as PostgreSQL refuses one that is not installed; what is there without it is said. */
import { SqlError } from '../../sql/error.ts';

const HINTS: Readonly<Record<string, string>> = {
  'uuid-ossp': 'gen_random_uuid() and uuidv7() are there without it.',
  pgcrypto: 'gen_random_uuid(), sha256() and md5() are there without it.',
  citext: 'Compare lower(column), or keep it in a generated column.',
  hstore: 'Use jsonb.',
  pg_trgm: 'LIKE, ILIKE and regular expressions are there without it.',
  plpgsql: 'Functions are written in SQL.',
};

export function refuseExtension(name: string): SqlError {
  return new SqlError({
    sqlstate: '0A000',
    message: `extension "${name}" is not available`,
    hint: HINTS[name] ?? 'There are no extensions here.',
  });
}
