/** Enum types: within the server `enum:` and the oid, in plans too. Domains: `domain:` and the oid, which no value is of. */
import type { TypeName } from './type.ts';

const PREFIX = 'enum:';

/** The enum type of this oid. */
export function enumType(oid: number): TypeName {
  return `${PREFIX}${oid}` as TypeName;
}

/** The oid of an enum type; null for any other type. */
export function enumOid(name: string): number | null {
  return name.startsWith(PREFIX) ? Number(name.slice(PREFIX.length)) : null;
}

/** Whether a type is an enum. */
export function isEnum(name: string): boolean {
  return name.startsWith(PREFIX);
}

const DOMAIN = 'domain:';

/** The name of a domain, for the catalog: expressions are of the type that it is over. */
export function domainType(oid: number): TypeName {
  return `${DOMAIN}${oid}` as TypeName;
}

/** The oid of a domain; null for any other type. */
export function domainOid(name: string): number | null {
  return name.startsWith(DOMAIN) ? Number(name.slice(DOMAIN.length)) : null;
}
