/**
 * What a statement kind's `prepare` gives: the parts that do not depend on parameter values, and how to run it.
 */
import type { ParameterValue, RowEncoding } from '../../engine/index.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import type { SqlType } from '../../sql/types/type.ts';
import type { Direct, ResultColumn, SessionContext, StatementResult } from '../session/statement.ts';
import type { System } from '../system.ts';

export interface Execution {
  /** The statement that is run, where its plan is another's (`ParsedStatement.planned`). */
  readonly parsed?: ParsedStatement | undefined;
  readonly parameters: readonly ParameterValue[];
  /** One for each result column: 0 text, 1 binary. */
  readonly formats: readonly number[];
  /** How rows that a write returns are written, where they are not for the protocol. */
  readonly encoding?: RowEncoding;
}

export interface Runnable {
  readonly parameterTypes: readonly SqlType[];
  readonly columns: readonly ResultColumn[] | null;
  /** Characters of its plan, where it can be kept and run by any session that would compile the same. */
  readonly planLength?: number;
  /** What answers it without a portal; null where nothing does. */
  direct?(session: SessionContext): Direct | null;
  run(session: SessionContext, execution: Execution): Promise<StatementResult>;
}

/** Compiles one statement kind. */
export type Prepare = (
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  parameterTypes: readonly (SqlType | null)[],
) => Runnable;

/** A statement without parameters and rows: DDL. */
export function command(run: (session: SessionContext) => Promise<string>): Runnable {
  return {
    parameterTypes: [],
    columns: null,
    run: async (session) => ({ kind: 'command', tag: await run(session) }),
  };
}
