/**
 * MIR as text, a node a line, inputs below it.
 */
import type { CatalogReader, ObjectId } from '../catalog.ts';
import type { MirRelation, MirScalar } from '../mir.ts';
import { inputs } from '../mir/traverse.ts';
import {
  IN_PLACE,
  aggregateText,
  callText,
  columnList,
  indent,
  literalText,
  orderText,
  relationName,
} from './text.ts';
import { windowText } from './window.ts';

/** A scalar: columns are `#n` of the node's input. */
export function mirScalarText(scalar: MirScalar): string {
  const text = mirScalarText;
  switch (scalar.kind) {
    case 'column':
      return `#${scalar.index}`;
    case 'literal':
      return literalText(scalar.type.name, scalar.text);
    case 'parameter':
      return `$${scalar.index + 1}`;
    case 'call':
      return callText(scalar.name, scalar.arguments.map(text));
    case 'input':
      return `${scalar.type.name}(${text(scalar.argument)})`;
    case 'output':
      return `text(${text(scalar.argument)})`;
    case 'and':
    case 'or':
      return `(${scalar.operands.map(text).join(` ${scalar.kind} `)})`;
    case 'not':
      return scalar.operand.kind === 'isNull'
        ? `(${text(scalar.operand.operand)} is not null)`
        : `(not ${text(scalar.operand)})`;
    case 'isNull':
      return `(${text(scalar.operand)} is null)`;
    case 'isTrue':
      return `(${text(scalar.operand)} is true)`;
    case 'case': {
      const branches = scalar.branches.map(
        (branch) => `when ${text(branch.condition)} then ${text(branch.result)}`,
      );
      return `case ${branches.join(' ')} else ${text(scalar.otherwise)} end`;
    }
    case 'coalesce':
      return `coalesce(${scalar.operands.map(text).join(', ')})`;
    case 'inList':
      return `(${text(scalar.operand)} in (${scalar.list.map(text).join(', ')}))`;
    case 'canonical':
      return `canonical(${text(scalar.operand)})`;
    case 'notDistinct':
      return `(${text(scalar.left)} is not distinct from ${text(scalar.right)})`;
    case 'array':
      return `array[${scalar.elements.map(text).join(', ')}]`;
    case 'mapArray':
      return `map(${text(scalar.array)}, ${text(scalar.body)})`;
    case 'quantifiedArray':
      return `(${scalar.all ? 'all' : 'any'} of ${text(scalar.array)}: ${text(scalar.comparison)} with $0 = ${text(scalar.left)})`;
    case 'element':
      return `$${scalar.index}`;
    case 'once':
      return `(let @${scalar.binding} = ${text(scalar.value)} in ${text(scalar.body)})`;
    case 'local':
      return `@${scalar.binding}`;
    case 'raise':
      return `raise(${scalar.sqlstate}, ${literalText('text', scalar.message)})`;
  }
}

const list = (scalars: readonly MirScalar[]): string => scalars.map(mirScalarText).join(', ');

/** The one line of a node. */
function headline(relation: MirRelation, catalog: CatalogReader, unnamed: ReadonlySet<ObjectId>): string {
  switch (relation.kind) {
    case 'constant': {
      const rows = relation.rows.slice(0, 4).map((row) => {
        const values = row.values.map((value, index) => literalText(relation.columns[index]!.name, value));
        return `(${values.join(', ')})${row.diff === 1 ? '' : ` x ${row.diff}`}`;
      });
      const more = relation.rows.length > 4 ? `, … ${relation.rows.length} rows` : '';
      return relation.rows.length === 0 ? 'constant: no rows' : `constant ${rows.join(', ')}${more}`;
    }
    case 'get':
      return `get ${relationName(catalog, relation.object)}${unnamed.has(relation.object) ? IN_PLACE : ''}`;
    case 'getLet':
      return `get l${relation.binding}`;
    case 'let':
      return `let l${relation.binding} =`;
    case 'filter':
      return `filter ${relation.predicates.map(mirScalarText).join(' and ')}`;
    case 'map':
      return `map ${list(relation.scalars)}`;
    case 'project':
      return `project ${columnList(relation.indexes)}`;
    case 'flatMap':
      return `${relation.calls
        .map((call) => `${call.function}(${list(call.arguments)})`)
        .join(', ')}${relation.ordinality ? ' with ordinality' : ''}`;
    case 'join': {
      const on = relation.equivalences.map(
        (item) => `${item.scalars.map(mirScalarText).join(' = ')}${item.nullSafe ? ' (null safe)' : ''}`,
      );
      const conditions = [...on, ...relation.residual.map(mirScalarText)];
      return conditions.length === 0 ? 'cross join' : `join on ${conditions.join(' and ')}`;
    }
    case 'semiJoin': {
      const on = relation.keys.map(
        (key) =>
          `${mirScalarText(key.left)} = right ${mirScalarText(key.right)}${key.nullSafe ? ' (null safe)' : ''}`,
      );
      return `${relation.anti ? 'anti' : 'semi'} join${on.length === 0 ? '' : ` on ${on.join(' and ')}`}`;
    }
    case 'reduce':
      return `reduce by (${list(relation.keys)}): ${aggregateList(relation)}`;
    case 'distinct':
      return 'distinct';
    case 'topK': {
      const parts = [
        relation.partition.length === 0 ? '' : ` by (${list(relation.partition)})`,
        relation.order.length === 0 ? '' : ` order by ${relation.order.map(orderText).join(', ')}`,
        relation.limit === null ? '' : ` limit ${mirScalarText(relation.limit)}`,
        relation.offset === null ? '' : ` offset ${mirScalarText(relation.offset)}`,
        relation.withTies ? ' with ties' : '',
      ];
      return `top-k${parts.join('')}`;
    }
    case 'window':
      return `window ${windowText(relation.calls, list(relation.partition), relation.order)}`;
    case 'guard':
      return `guard: one row${relation.keys.length === 0 ? '' : ` by (${list(relation.keys)})`}, else ${relation.sqlstate}`;
    case 'negate':
    case 'threshold':
    case 'union':
      return relation.kind;
  }
}

function aggregateList(relation: Extract<MirRelation, { kind: 'reduce' }>): string {
  const aggregates = relation.aggregates.map((aggregate) => {
    const filter = aggregate.filter === null ? null : mirScalarText(aggregate.filter);
    const args = aggregate.arguments.map((argument) => mirScalarText(argument));
    const order = aggregate.order.map((key) => ({ ...key, text: mirScalarText(key.scalar) }));
    return aggregateText(aggregate.function, args, { distinct: aggregate.distinct, filter, order });
  });
  return aggregates.join(', ');
}

/** The relation as text; `unnamed`: the views that are read in the place of their queries. */
export function printMir(
  relation: MirRelation,
  catalog: CatalogReader,
  unnamed: ReadonlySet<ObjectId> = new Set(),
): string {
  const lines = (node: MirRelation): string[] => {
    const head = headline(node, catalog, unnamed);
    if (node.kind === 'let') return [head, ...indent(lines(node.value)), ...lines(node.body)];
    return [head, ...indent(inputs(node).flatMap(lines))];
  };
  return lines(relation).join('\n');
}
