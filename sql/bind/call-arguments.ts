/** The arguments of a call: by place, by name (`name => value`), and `VARIADIC array`. */
import type { FuncCall } from '@pgsql/types';
import { locationOf, nameParts, nodeAs } from '../ast/accessors.ts';
import type { Given } from '../functions/placement.ts';
import type { ExpressionContext } from './context.ts';
import { bindExpression } from './expression.ts';
import type { Bound, Statement } from './statement.ts';

export interface CallArguments extends Given {
  readonly values: readonly Bound[];
}

/** Whether an argument is given by its name. */
export function hasNamedArguments(node: FuncCall): boolean {
  return (node.args ?? []).some((argument) => 'NamedArgExpr' in argument);
}

/** Binds them. */
export function bindArguments(node: FuncCall, context: ExpressionContext): CallArguments {
  const { statement } = context;
  const names: (string | null)[] = [];
  const values = (node.args ?? []).map((argument) => {
    const named = nodeAs(argument, 'NamedArgExpr');
    const name = named?.name ?? null;
    if (name !== null && names.includes(name)) {
      const message = `argument name "${name}" used more than once`;
      throw statement.error('42601', message, locationOf(named!));
    }
    const bound = bindExpression(named?.arg ?? argument, context);
    if (name === null && names.some((other) => other !== null)) {
      throw statement.error('42601', 'positional argument cannot follow named argument', bound.at);
    }
    names.push(name);
    return bound;
  });
  return { values, names, spreads: node.func_variadic === true };
}

/** What PostgreSQL advises where no function is meant by a call. */
export function noMatchHint({ agg_order: order = [], agg_within_group: within }: FuncCall): string {
  return order.length > 1 && within !== true
    ? 'No aggregate function matches the given name and argument types. Perhaps you misplaced ORDER BY; ORDER BY must appear after all regular arguments of the aggregate.'
    : 'No function matches the given name and argument types. You might need to add explicit type casts.';
}

/** A call as messages show it. */
export function callText(statement: Statement, node: FuncCall, { values, names }: CallArguments): string {
  const types = values.map(({ scalar }, i) => {
    const type = statement.shownType(scalar);
    return names[i] ? `${names[i]} => ${type}` : type;
  });
  return `${nameParts(node.funcname).join('.')}(${types.join(', ')})`;
}
