/** tw_internal.schemas and roles. */
import type { RawTable } from './raw-table.ts';

/** The one role until authentication is built; its oid is PostgreSQL's bootstrap superuser. */
export const OWNER_OID = 10;
export const OWNER_NAME = 'tidewire';
/** PostgreSQL's role that owns `public`, of which the owner of the database is a member. */
const DATABASE_OWNER = 6171;
/** The schema that is there from the beginning; one that is made later under its name is its maker's. */
const PUBLIC = 2200;

export const schemas: RawTable = {
  name: 'schemas',
  key: [0],
  columns: [
    ['oid', 'oid'],
    ['name', 'name'],
    ['owner', 'oid'],
  ],
  ofSchema: (schema) => [[schema.id, schema.name, schema.id === PUBLIC ? DATABASE_OWNER : OWNER_OID]],
};

export const roles: RawTable = {
  name: 'roles',
  columns: [
    ['oid', 'oid'],
    ['name', 'name'],
    // As which one can connect.
    ['is_login', 'bool'],
  ],
  fixed: () => [
    [OWNER_OID, OWNER_NAME, true],
    [DATABASE_OWNER, 'pg_database_owner', false],
  ],
};
