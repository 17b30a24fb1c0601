/**
 * SQL types as the binder sees them. `SqlType.name` is PostgreSQL's `typname`; the reg* types travel to the engine
 * as `oid`, `unknown` never leaves the binder.
 */
import type { ScalarType } from '../../engine/plan.generated.ts';

/** A type by its `pg_type.typname`. */
export type TypeName =
  | ScalarType
  | 'regclass'
  | 'regtype'
  | 'regproc'
  | 'regnamespace'
  | 'regrole'
  | 'regprocedure'
  | 'regoper'
  | 'regoperator'
  | 'regcollation'
  | 'int2vector'
  | 'oidvector'
  | '_regclass'
  | '_regtype'
  | '_regproc'
  | '_regnamespace'
  | '_regrole'
  | '_regprocedure'
  | '_regoper'
  | '_regoperator'
  | '_regcollation'
  | 'unknown'
  | 'void'
  | 'record';

/** A type with its modifier (`atttypmod`, -1 for none). */
export interface SqlType {
  readonly name: TypeName;
  readonly typmod: number;
}

/** A type and whether NULL can occur. */
export interface NullableType extends SqlType {
  readonly nullable: boolean;
}
