/**
 * Bugs to be seeded, one at a time: small patches of the source that compile and that make some result wrong. The
 * oracle must find each within 10,000 view-checks (`npm run oracle -- mutants`).
 */
export interface Mutant {
  readonly name: string;
  readonly file: string;
  /** Occurs once in the file. */
  readonly from: string;
  readonly to: string;
}

const rule = (name: string, file: string, from: string, to: string): Mutant => {
  return { name, file: `sql/optimize/rules/${file}.ts`, from, to };
};
const lower = (name: string, file: string, from: string, to: string): Mutant => {
  return { name, file: `sql/lower/${file}.ts`, from, to };
};
const render = (name: string, file: string, from: string, to: string): Mutant => {
  return { name, file: `engine/crates/render/src/${file}.rs`, from, to };
};

const form = (name: string, from: string, to: string): Mutant => {
  return { name, file: 'sql/optimize/analysis/body-form.ts', from, to };
};

export const MUTANTS: readonly Mutant[] = [
  lower(
    'NOT IN as a plain anti join',
    'quantified',
    'if (unknown.length === 0) return match;',
    'return match;',
  ),
  lower('NOT IN without NULLs inside', 'quantified', 'if (key.type.nullable) {', 'if (false) {'),
  lower(
    'a NULL left of IN is unknown over nothing too',
    'quantified',
    'unknown.push(build.and([build.isNull(left), some]));',
    'unknown.push(build.isNull(left));',
  ),
  lower(
    'op ALL ignores NULLs',
    'quantified',
    '{ condition: noNulls, result: any ? build.FALSE : build.TRUE },',
    '{ condition: build.TRUE, result: any ? build.FALSE : build.TRUE },',
  ),
  lower(
    'FULL JOIN on equalities without its right NULL side',
    'joins',
    'if (keeps.keepsRight) {',
    'if (keeps.keepsRight && !keeps.keepsLeft) {',
  ),
  lower(
    'LEFT JOIN forgets that the condition filters partners',
    'joins',
    'semiJoin(left, partnersRight, keys, { anti: true })',
    'semiJoin(left, right, keys, { anti: true })',
  ),
  lower(
    'outer join without equality: rows without partner twice',
    'joins',
    'return semiJoin(side, matched, keys, { anti: true });',
    'return side;',
  ),
  lower('count over nothing is NULL', 'aggregates', "isCount(aggregate) ? '0' : null", 'null'),
  lower(
    'no row of a global aggregate over nothing',
    'aggregates',
    'if (defaults === null) return reduced;',
    'if (defaults !== null || defaults === null) return reduced;',
  ),
  lower(
    'DISTINCT in aggregates is ignored',
    'aggregates',
    'distinct: aggregate.distinct && !ignoresDuplicates.has(aggregate.function),',
    'distinct: false,',
  ),
  lower(
    'FILTER is ignored',
    'aggregates',
    'aggregate.filter === null ? null : lower(aggregate.filter);',
    'null;',
  ),
  lower(
    'grouping by identity instead of equality',
    'distinct',
    'if (!keys.some(isWide)) return',
    'if (keys.length >= 0) return',
  ),
  lower(
    'EXCEPT keeps duplicates',
    'set-operations',
    'return semiJoin(distinctBySqlEquality(left, width), right, keys,',
    'return semiJoin(left, right, keys,',
  ),
  lower('EXCEPT as INTERSECT', 'set-operations', "{ anti: hir.operation === 'except' }", '{ anti: false }'),
  lower(
    'NULLs of set operations do not meet',
    'set-operations',
    'right: isPrefix ? other : equalityKey(other),\n        nullSafe: true,',
    'right: isPrefix ? other : equalityKey(other),\n        nullSafe: false,',
  ),
  lower(
    'EXCEPT ALL below zero',
    'set-operations',
    'return threshold(union([left, negate(right)]));',
    'return union([left, negate(right)]);',
  ),
  lower(
    'UNION as UNION ALL',
    'set-operations',
    'return hir.all ? both :',
    'return hir.all || hir.operation === "union" ? both :',
  ),
  rule(
    'an empty right side drops an anti join',
    'propagate-empty',
    'return relation.anti ? relation.left : none();',
    'return none();',
  ),
  rule(
    'join conditions lost when joins become one',
    'fuse',
    'residual.push(...join.residual.map(shift));',
    '',
  ),
  rule(
    'NOT over AND without De Morgan',
    'canonical-predicates',
    'return or(scalar.operands.map(negate));',
    'return and(scalar.operands.map(negate));',
  ),
  rule(
    'x = x is true for NULL',
    'canonical-predicates',
    'return scalar.type.nullable ? not(isNull(scalar.arguments[0]!)) : TRUE;',
    'return TRUE;',
  ),
  rule(
    'x = 1 or x = 2 keeps the first only',
    'canonical-predicates',
    'if (!known.list.some((other) => sameScalar(other, item))) known.list.push(item);',
    '',
  ),
  rule(
    'a predicate below a top-k or a window',
    'push-predicates',
    "read.every((index) => partition.some((key) => key.kind === 'column' && key.index === index))",
    'read.every((index) => index >= 0)',
  ),
  rule(
    'unread columns leave before DISTINCT',
    'demand',
    'return build.project(build.distinct(this.prune(relation.input, all(relation))), wanted);',
    'return build.distinct(this.prune(relation.input, wanted));',
  ),
  rule(
    'NULL is rejected by what is no strict call',
    'not-null-keys',
    "scalar.kind === 'call' && scalar.strict && children",
    "'arguments' in scalar && children",
  ),
  rule(
    'DISTINCT goes without a key',
    'keyed-distinct',
    'return keysOf(node.input).length > 0 ? node.input : node;',
    'return node.input;',
  ),
  rule(
    'grouping goes where rows have some key',
    'keyed-reduce',
    'holdKey(keysOf(node.input), node.keys)',
    'keysOf(node.input).length > 0',
  ),
  rule(
    'an outer join goes though a row has several partners',
    'unread-partner',
    'return same && coversKey(keysOf(right), matched) ?',
    'return same ?',
  ),
  rule(
    'a self-join by one column is one by the key',
    'self-join',
    'if (linking.length === 0) return null;',
    'if (linking.length === 0) continue;',
  ),
  rule(
    "a self-join forgets the other side's filter",
    'self-join',
    '[...present, ...kept.predicates, ...more]',
    '[...present, ...kept.predicates]',
  ),
  rule(
    'rows with a NULL key go from an anti join',
    'null-branches',
    'const left = node.anti',
    'const left = node.anti && false',
  ),
  rule(
    "a binding's rows are dropped by what one reader drops",
    'shared-predicates',
    'return inputs(relation).reduce((sofar, input) => common(input, binding, sofar), found);',
    'return inputs(relation).map((input) => common(input, binding, null)).find((list) => list !== null) ?? found;',
  ),
  rule(
    'DISTINCT inside every aggregate is needless',
    'distinct-arguments',
    'IDEMPOTENT.has(aggregate.function) ||',
    'aggregate.order.length === 0 ||',
  ),
  rule(
    'EXCEPT ALL keeps what is negative',
    'threshold-elision',
    'return isNonNegative(node.input) ? node.input : node;',
    'return node.input;',
  ),
  {
    name: 'DISTINCT aggregates with several FILTERs take all values',
    file: 'sql/physical/reduce.ts',
    from: 'filter: passed(aggregate.filter),',
    to: 'filter: null,',
  },
  {
    name: 'NULL keys of joins meet',
    file: 'sql/physical/join.ts',
    from: 'nullSafe: order.map((index) => pairs[index]!.nullSafe),',
    to: 'nullSafe: order.map(() => true),',
  },
  {
    name: 'keys of joins by identity',
    file: 'sql/mir/equality.ts',
    from: "return isWide(scalar.type) && scalar.kind !== 'canonical' ? canonical(scalar) : scalar;",
    to: 'return scalar;',
  },
  {
    name: 'FULL JOIN USING shows the left column',
    file: 'sql/bind/join.ts',
    from: "return made({ kind: 'coalesce', operands: [first, second], type: common });",
    to: 'return first;',
  },
  {
    name: 'NULLs come first in descending order, whatever is said',
    file: 'sql/bind/order.ts',
    from: "? descending : nulls === 'SORTBY_NULLS_FIRST';",
    to: '? descending : descending;',
  },
  render('threshold keeps each row once', 'reduce/distinct', 'Presence::Row(*count)', 'Presence::Row(1)'),
  render('DISTINCT keeps duplicates', 'reduce/distinct', 'Presence::Row(1)', 'Presence::Row(*count)'),
  render(
    'top-k forgets OFFSET',
    'top_k/mod',
    'let mut skip = self.offset;',
    'let mut skip = self.offset.min(0);',
  ),
  render(
    'min and max keep what was deleted',
    'reduce/hierarchical',
    'Some((value, count)) if count > 0 => break Some(value),',
    'Some((value, _)) => break Some(value),',
  ),
  {
    name: 'a delta join forgets the equalities beside a unique key',
    file: 'sql/physical/delta-join.ts',
    from: 'closure: rest(both.filter(conditions)).toMfp(),',
    to: 'closure: rest(both).toMfp(),',
  },
  {
    name: 'rows come sorted though their NULLs stand elsewhere',
    file: 'sql/physical/sorted-scan.ts',
    from: 'if (!isNext || !nullsFit ||',
    to: 'if (!isNext ||',
  },
  {
    name: 'rows that come sorted by some keys are sorted by all',
    file: 'sql/physical/sorted-scan.ts',
    from: 'return { flow: { ...flow, node }, keys };',
    to: 'return { flow: { ...flow, node }, keys: order.length };',
  },
  {
    name: 'a scan from the last key on is sorted as one from the first',
    file: 'sql/physical/sorted-scan.ts',
    from: '...(descending ? { descending } : {}),',
    to: '',
  },
  rule(
    'the first rows by a foreign key are taken though it is NULL',
    'top-k-below-reference',
    'nullable.push(...unknown.map((index) => index - starts[root]!));',
    '',
  ),
  rule(
    'the first rows of a union forget what takes others back',
    'top-k-below-union',
    ' || !found.node.inputs.every(isNonNegative)',
    '',
  ),
  {
    name: 'the first rows below a join lose those that tie at their end',
    file: 'sql/optimize/analysis/first-rows.ts',
    from: 'const withTies = !coversKey(keys, told);',
    to: 'const withTies = false;',
  },
  rule(
    'a join by a foreign key keeps rows where it is NULL',
    'foreign-key-join',
    'build.filter(child, [...present, ...asked])',
    'build.filter(child, asked)',
  ),
  form('a view is read that has other conditions', 'this.#conditions(relation.predicates, columns)', '[]'),
  form(
    'a view of a join is read that has other conditions',
    'this.#conditions(relation.residual, columns)',
    '[]',
  ),
  form('a view is read that has other groups', "said('reduce', core, set(keys))", "said('reduce', core)"),
  form(
    'a view is read of rows that are different by other columns',
    'said(relation.kind, core, set(columns))',
    'said(relation.kind, core)',
  ),
  form(
    'a view of rows with a partner is read for those without',
    "'semi join', relation.anti,",
    "'semi join',",
  ),
  rule(
    'a view that is read has its columns in the order of the query',
    'read-views',
    'view.body.columns.indexOf(text)',
    'view.body.columns.includes(text) ? at : -1',
  ),
  rule(
    'a view of all groups is read for the one that is wanted',
    'read-views',
    'return read && build.filter(read, all.fixed);',
    'return read;',
  ),
  {
    name: "views on views do not see a transaction's own writes",
    file: 'server/statements/planning.ts',
    from: 'this.bindView(view, ownWrites)',
    to: 'this.bindView(view)',
  },
  {
    name: 'a window without an order does not follow its rows',
    file: 'sql/bind/window-order.ts',
    from: 'if (BY_ROW.has(kind)) return frame;',
    to: 'if (BY_ROW.has(kind)) return null;',
  },
  {
    name: 'a delta join makes a row twice whose inputs change at once',
    file: 'engine/crates/arrange/src/half_join.rs',
    from: '(time == update.time && sees == Sees::Through)',
    to: '(time == update.time && sees == sees)',
  },
  rule(
    'rows of the first values come without those of NULL',
    'dense-rank-top-k',
    'nullSafe: true',
    'nullSafe: false',
  ),
  {
    name: 'one rank of the first values is all of them',
    file: 'sql/optimize/rank-filter-rule.ts',
    from: 'bound.all && bound.most >= 1n',
    to: 'bound.most >= 1n',
  },
  rule('rows of extremes come without those that tie', 'extreme-rows', 'withTies: true', 'withTies: false'),
  rule(
    'rows of extremes come of the group of NULL',
    'extreme-rows',
    'if (isPresent && wanted.type.nullable)',
    'if (isExtreme && wanted.type.nullable)',
  ),
  rule(
    'rows that have an extreme lose what filters them alone',
    'extreme-rows',
    'if (rest.some(canFail)) return null;',
    'if (rest.some(canFail)) return null; rest.length = 0;',
  ),
  render(
    'a row that ties with the first of its group is behind it',
    'top_k/extreme',
    'split_value(least).0 <= order)',
    'split_value(least).0 < order)',
  ),
  rule(
    'the least partner stands for all where the greatest decides',
    'extreme-partner',
    "(extreme === 'max' ? 'min' : 'max')",
    'extreme',
  ),
  rule('the least partner stands for all that are another', 'extreme-partner', "['min', 'max']", "['min']"),
  rule(
    'one partner stands for those of all groups',
    'extreme-partner',
    'own.length === 1) keys.push',
    'own.length === 1 && scalars.length > 2) keys.push',
  ),
  rule(
    'a partner stands for all that a second condition tells apart',
    'extreme-partner',
    'reading.length !== 1',
    'reading.length === 0',
  ),
  lower(
    'a row without a time is in a window of time',
    'time-windows',
    'type.nullable ? filter(below, [not(isNull(column(place, type)))]) : below',
    'below',
  ),
  {
    name: 'a row that is not there has its equals behind it',
    file: 'sql/bind/hypothetical-set.ts',
    from: 'count(or([before, same(context, keys, at)]))',
    to: 'count(before)',
  },
  {
    name: 'a row that is not there counts equal ones before it several times',
    file: 'sql/bind/hypothetical-set.ts',
    from: 'count(before, key.value.scalar)',
    to: 'count(before)',
  },
  {
    name: 'rows of VALUES take numbers of a sequence as they are computed',
    file: 'sql/bind/write/insert.ts',
    from: 'const isNumbered = isJoined || isCalled;',
    to: 'const isNumbered = isJoined;',
  },
  {
    name: 'a cast to a domain does not look at its first condition',
    file: 'sql/bind/domain.ts',
    from: 'for (const check of domain.checks) {',
    to: 'for (const check of domain.checks.slice(1)) {',
  },
  {
    name: 'a generated column is computed of the row that was there before',
    file: 'sql/bind/generated-column.ts',
    from: '(column) => at(from + column)',
    to: '(column) => at(column)',
  },
];
