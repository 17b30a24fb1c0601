import { postgresNames } from './postgres-names.generated.ts';

let names: Set<string> | undefined;

/** Whether PostgreSQL has a function of this name that is not in our table. */
export function isPostgresFunction(name: string): boolean {
  names ??= new Set(postgresNames.trim().split('\n'));
  return names.has(name);
}
