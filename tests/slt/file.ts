/**
 * The sqllogictest format: records parted by blank lines, `#` comments,
 *
 *     statement ok | statement error SQLSTATE        query TYPES [rowsort]
 *     SQL                                            SQL
 *     [----                                          ----
 *     message, DETAIL, HINT, CONTEXT, POSITION]      rows, columns parted by a tab, NULL as NULL, '' as (empty)
 *
 * A comment `# postgres: SQL` gives what PostgreSQL is asked instead, where it lacks the record's syntax; `# our words`
 * before an error says that its SQLSTATE is PostgreSQL's and its words are not.
 */
export interface SltRecord {
  readonly kind: 'statement' | 'query';
  /** `ok`, or the SQLSTATE that the statement must give. */
  outcome: string;
  types: string;
  readonly rowsort: boolean;
  readonly sql: string;
  rows: string[];
  readonly comment: string;
  readonly line: number;
}

export function parseSlt(text: string): SltRecord[] {
  const records: SltRecord[] = [];
  const lines = text.split('\n');
  for (let i = 0; i < lines.length;) {
    const comments: string[] = [];
    while (lines[i] !== undefined && (lines[i] === '' || lines[i]!.startsWith('#')))
      comments.push(lines[i++]!);
    if (i >= lines.length) break;
    const line = i + 1;
    const [kind, first, second] = lines[i++]!.split(' ');
    if (kind !== 'statement' && kind !== 'query')
      throw new Error(`line ${line}: neither statement nor query`);
    const sql: string[] = [];
    while (i < lines.length && lines[i] !== '' && lines[i] !== '----') sql.push(lines[i++]!);
    const rows: string[] = [];
    if (lines[i] === '----') for (i++; i < lines.length && lines[i] !== '';) rows.push(lines[i++]!);
    records.push({
      kind,
      outcome: kind === 'query' || first !== 'error' ? 'ok' : (second ?? ''),
      types: kind === 'query' ? (first ?? '') : '',
      rowsort: kind === 'query' && second === 'rowsort',
      sql: sql.join('\n'),
      rows,
      comment: comments.filter((comment) => comment !== '').join('\n'),
      line,
    });
  }
  return records;
}

export function formatSlt(records: readonly SltRecord[]): string {
  const blocks = records.map((record) => {
    const comment = record.comment === '' ? '' : `${record.comment}\n`;
    const rows = record.rows.map((row) => `${row}\n`).join('');
    if (record.kind === 'statement') {
      const outcome = record.outcome === 'ok' ? 'ok' : `error ${record.outcome}`;
      return `${comment}statement ${outcome}\n${record.sql}\n${rows === '' ? '' : `----\n${rows}`}`;
    }
    return `${comment}query ${record.types}${record.rowsort ? ' rowsort' : ''}\n${record.sql}\n----\n${rows}`;
  });
  return blocks.join('\n');
}
