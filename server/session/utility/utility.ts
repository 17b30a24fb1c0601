/** How a statement of the session itself looks to the protocols. */
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import { endsTransaction } from '../statement-class.ts';
import type { Prepared } from '../prepared.ts';

/** A statement without rows and parameters; `run` gives the command tag. */
export function utility(
  parsed: ParsedStatement,
  run: () => string | Promise<string>,
  options: { readonly managesTransaction: boolean } = { managesTransaction: true },
): Prepared {
  return {
    parsed,
    text: parsed.text,
    parameterTypes: [],
    columns: null,
    endsTransaction: endsTransaction(parsed),
    ddl: null,
    managesTransaction: options.managesTransaction,
    run: async () => ({ kind: 'command', tag: await run() }),
  };
}
