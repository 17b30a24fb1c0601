import type { Node, SubLink } from '@pgsql/types';
import { nameParts, stringOf } from '../ast/accessors.ts';

/** What scalar subqueries call their column; none of those that are not bound. */
type SubqueryColumns = Pick<WeakMap<SubLink, string>, 'get'>;

/** The name that PostgreSQL gives a result column without AS (FigureColname). */
export function columnName(node: Node, subqueries: SubqueryColumns = new WeakMap()): string {
  return figure(node, subqueries)?.name ?? '?column?';
}

interface Figure {
  readonly name: string;
  /** A cast's type name gives way to a name from inside. */
  readonly strong: boolean;
}

const strong = (name: string): Figure => ({ name, strong: true });

function figure(node: Node | undefined, subqueries: SubqueryColumns): Figure | null {
  if (node === undefined) return null;
  if ('ColumnRef' in node) {
    const last = nameParts(node.ColumnRef.fields)
      .filter((part) => part !== '*')
      .pop();
    return last === undefined ? null : strong(last);
  }
  if ('A_Indirection' in node) {
    const fields = (node.A_Indirection.indirection ?? []).filter((step) => 'String' in step);
    const last = fields.pop();
    return last === undefined ? figure(node.A_Indirection.arg, subqueries) : strong(stringOf(last));
  }
  if ('FuncCall' in node) return strong(nameParts(node.FuncCall.funcname).pop()!);
  if ('A_Expr' in node) return node.A_Expr.kind === 'AEXPR_NULLIF' ? strong('nullif') : null;
  if ('TypeCast' in node) {
    const inner = figure(node.TypeCast.arg, subqueries);
    if (inner?.strong === true) return inner;
    const type = nameParts(node.TypeCast.typeName?.names).pop();
    return type === undefined ? inner : { name: type, strong: false };
  }
  if ('CollateClause' in node) return figure(node.CollateClause.arg, subqueries);
  if ('GroupingFunc' in node) return strong('grouping');
  if ('MergeSupportFunc' in node) return strong('merge_action');
  if ('SubLink' in node) return subLinkName(node.SubLink, subqueries);
  if ('CaseExpr' in node) {
    const inner = figure(node.CaseExpr.defresult, subqueries);
    return inner?.strong === true ? inner : { name: 'case', strong: false };
  }
  if ('A_ArrayExpr' in node) return strong('array');
  if ('RowExpr' in node) return strong('row');
  if ('CoalesceExpr' in node) return strong('coalesce');
  if ('MinMaxExpr' in node) return strong(node.MinMaxExpr.op === 'IS_LEAST' ? 'least' : 'greatest');
  if ('JsonFuncExpr' in node) return strong((node.JsonFuncExpr.op ?? '').replace(/_OP$/, '').toLowerCase());
  if ('JsonParseExpr' in node) return strong('json');
  if ('JsonScalarExpr' in node) return strong('json_scalar');
  if ('JsonSerializeExpr' in node) return strong('json_serialize');
  if ('JsonObjectConstructor' in node) return strong('json_object');
  if ('JsonArrayConstructor' in node || 'JsonArrayQueryConstructor' in node) return strong('json_array');
  if ('JsonObjectAgg' in node) return strong('json_objectagg');
  if ('JsonArrayAgg' in node) return strong('json_arrayagg');
  if ('SQLValueFunction' in node) return valueFunctionName(node.SQLValueFunction.op);
  return null;
}

function subLinkName(node: SubLink, subqueries: SubqueryColumns): Figure | null {
  switch (node.subLinkType) {
    case 'EXISTS_SUBLINK':
      return strong('exists');
    case 'ARRAY_SUBLINK':
      return strong('array');
    case 'EXPR_SUBLINK': {
      // What the subquery calls its column: a star is one there, and an expression without a name has '?column?'.
      const name = subqueries.get(node);
      return name === undefined ? null : strong(name);
    }
    default:
      return null;
  }
}

function valueFunctionName(operation: string | undefined): Figure {
  const name = (operation ?? 'SVFOP_CURRENT_DATE').replace(/^SVFOP_/, '').replace(/_N$/, '');
  return strong(name.toLowerCase());
}
