/**
 * HIR as text, a node a line, inputs below it; subqueries of scalars follow their node.
 */
import type { CatalogReader } from '../catalog.ts';
import type { HirRelation, HirScalar } from '../hir.ts';
import { aggregateText, callText, columnList, indent, literalText, orderText, relationName } from './text.ts';
import { windowText } from './window.ts';

/** Subqueries met while a node's scalars are printed. */
type Subqueries = HirRelation[];

function scalarText(scalar: HirScalar, subqueries: Subqueries): string {
  const text = (child: HirScalar): string => scalarText(child, subqueries);
  const subquery = (relation: HirRelation): string => `subquery ${subqueries.push(relation)}`;
  switch (scalar.kind) {
    case 'column':
      return scalar.level === undefined ? `#${scalar.index}` : `outer${scalar.level}.#${scalar.index}`;
    case 'literal':
      return literalText(scalar.type.name, scalar.text);
    case 'parameter':
      return `$${scalar.index + 1}`;
    case 'session':
      return scalar.value;
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
      return `(not ${text(scalar.operand)})`;
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
    case 'exists':
      return `exists(${subquery(scalar.relation)})`;
    case 'scalarSubquery':
      return `(${subquery(scalar.relation)})`;
    case 'quantified':
      return `(${text(scalar.left)} ${scalar.quantifier} ${text(scalar.comparison)} of ${subquery(scalar.relation)})`;
  }
}

function headline(relation: HirRelation, catalog: CatalogReader, subqueries: Subqueries): string {
  const text = (scalar: HirScalar): string => scalarText(scalar, subqueries);
  const list = (scalars: readonly HirScalar[]): string => scalars.map(text).join(', ');
  switch (relation.kind) {
    case 'constant': {
      const rows = relation.rows.slice(0, 4).map((row) => `(${list(row)})`);
      return `values ${rows.join(', ')}${relation.rows.length > 4 ? `, … ${relation.rows.length} rows` : ''}`;
    }
    case 'tableFunction': {
      const calls = relation.calls.map((call) => `${call.function}(${list(call.arguments)})`);
      return `${calls.join(', ')}${relation.ordinality ? ' with ordinality' : ''}`;
    }
    case 'get':
      return `get ${relationName(catalog, relation.object)}`;
    case 'getLet':
      return `get l${relation.binding}`;
    case 'let':
      return `let l${relation.binding} (${relation.name}) =`;
    case 'filter':
      return `filter ${text(relation.condition)}`;
    case 'map':
      return `map ${list(relation.scalars)}`;
    case 'project':
      return `project ${columnList(relation.indexes)}`;
    case 'join': {
      const lateral = relation.lateral === true ? 'lateral ' : '';
      return relation.on === null && relation.type === 'inner'
        ? `cross join ${lateral}`.trimEnd()
        : `${lateral}${relation.type} join on ${relation.on === null ? 'true' : text(relation.on)}`;
    }
    case 'aggregate': {
      const aggregates = relation.aggregates.map((aggregate) =>
        aggregateText(aggregate.function, aggregate.arguments.map(text), {
          order: aggregate.order.map((key) => ({ ...key, text: text(key.scalar) })),
          distinct: aggregate.distinct,
          filter: aggregate.filter === null ? null : text(aggregate.filter),
        }),
      );
      const sets = relation.groupingSets?.map(
        (set) => `(${set.map((index) => text(relation.keys[index]!)).join(', ')})`,
      );
      const by = sets === undefined ? `(${list(relation.keys)})` : `sets ${sets.join(', ')}`;
      return `aggregate by ${by}: ${aggregates.join(', ')}`;
    }
    case 'distinct':
      return 'distinct';
    case 'topK': {
      const parts = [
        relation.partition.length === 0 ? '' : ` by ${columnList(relation.partition)}`,
        relation.order.length === 0 ? '' : ` order by ${relation.order.map(orderText).join(', ')}`,
        relation.limit === null ? '' : ` limit ${text(relation.limit)}`,
        relation.offset === null ? '' : ` offset ${text(relation.offset)}`,
        relation.withTies ? ' with ties' : '',
      ];
      return `top-k${parts.join('')}`;
    }
    case 'window': {
      const by = relation.partition.map((index) => `#${index}`).join(', ');
      return `window ${windowText(relation.calls, by, relation.order)}`;
    }
    case 'setOperation':
      return `${relation.operation}${relation.all ? ' all' : ''}`;
    case 'timeWindow': {
      const offset = relation.offset === null ? '' : `, offset ${text(relation.offset)}`;
      return `time window of #${relation.column}, slide ${text(relation.slide)}, size ${text(relation.size)}${offset}`;
    }
  }
}

function inputsOf(relation: HirRelation): readonly HirRelation[] {
  switch (relation.kind) {
    case 'constant':
    case 'tableFunction':
    case 'get':
    case 'getLet':
      return [];
    case 'let':
      return [relation.value, relation.body];
    case 'join':
    case 'setOperation':
      return [relation.left, relation.right];
    default:
      return [relation.input];
  }
}

function lines(relation: HirRelation, catalog: CatalogReader): string[] {
  const subqueries: Subqueries = [];
  const head = headline(relation, catalog, subqueries);
  const nested = subqueries.flatMap((subquery, index) => [
    `subquery ${index + 1}:`,
    ...indent(lines(subquery, catalog)),
  ]);
  if (relation.kind === 'let') {
    return [head, ...indent(lines(relation.value, catalog)), ...lines(relation.body, catalog)];
  }
  return [head, ...indent(nested), ...indent(inputsOf(relation).flatMap((input) => lines(input, catalog)))];
}

/** The relation as text. */
export function printHir(relation: HirRelation, catalog: CatalogReader): string {
  return lines(relation, catalog).join('\n');
}
