/** What a session can run: a statement for the executor, or one of the session's own. */
import type { TypeName } from '@pgsql/types';
import type { ParameterValue } from '../../engine/index.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import type { SqlType } from '../../sql/types/type.ts';
import type { DeclaredType, Direct, ResultColumn, StatementResult } from './statement.ts';

/** A parameter whose type PREPARE says. */
export interface DeclaredParameter extends DeclaredType {
  readonly written: TypeName;
}

/** How a statement came to its name. */
export interface NamedStatement {
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** By PREPARE. */
  readonly bySql: boolean;
}

export interface Prepared {
  /** Null: the empty query. */
  readonly parsed: ParsedStatement | null;
  readonly text: string;
  readonly parameterTypes: readonly SqlType[];
  /** What PREPARE says of its parameters; null: nothing. */
  readonly declared?: readonly (DeclaredParameter | null)[];
  readonly columns: readonly ResultColumn[] | null;
  /** What pg_prepared_statements shows of one that has a name. */
  readonly named?: NamedStatement;
  /** May run in a failed transaction. */
  readonly endsTransaction: boolean;
  /** Changes the catalog: runs in a transaction of its own. The name that messages use, else null. */
  readonly ddl: string | null;
  /** To be called before it runs as a part of a transaction, where it changes the catalog. */
  readonly beginDdl?: () => Promise<void>;
  /** Result format of a simple query; text where absent. */
  readonly simpleFormat?: 0 | 1;
  /** Needs no transaction around it: it ends or begins them, or only changes the session. */
  readonly managesTransaction: boolean;
  /** What answers it in one call or two while the session is in no transaction, where anything does. */
  direct?(): Direct | null;
  /** `formats`: one for each result column. */
  run(
    parameters: readonly ParameterValue[],
    formats: readonly number[],
  ): Promise<StatementResult> | StatementResult;
}
