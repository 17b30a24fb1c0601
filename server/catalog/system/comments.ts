import type { ObjectId } from '../../../sql/catalog.ts';
import { OWN_EXTENSION } from '../known-extensions.ts';
import { ownConstraints } from '../objects.ts';
import type { RawTable, RawValue } from './raw-table.ts';

/** COMMENT ON: of what, by the catalog that it is in, and of which column of it. */
export const comments: RawTable = {
  name: 'comments',
  key: [0, 1, 2],
  columns: [
    ['object_oid', 'oid'],
    ['catalog', 'name'],
    ['number', 'int4'],
    ['comment', 'text'],
  ],
  fixed: () => commentRow(OWN_EXTENSION.oid, 'pg_extension', OWN_EXTENSION.comment),
  ofSchema: ({ id, comment }) => commentRow(id, 'pg_namespace', comment),
  ofObject: (object) => {
    const own = (catalog: string): RawValue[][] => commentRow(object.id, catalog, object.comment);
    const constraints = (all: readonly { readonly id: ObjectId; readonly comment?: string | undefined }[]) =>
      all.flatMap(({ id, comment }) => commentRow(id, 'pg_constraint', comment));
    switch (object.kind) {
      case 'function':
        return own('pg_proc');
      case 'extension':
        return own('pg_extension');
      case 'type':
        return [
          ...own('pg_type'),
          ...(object.form === 'domain'
            ? constraints([...object.checks, ...(object.notNull ? [object.notNull] : [])])
            : []),
        ];
      case 'index':
        return [...own('pg_class'), ...commentRow(object.id, 'pg_constraint', object.constraintComment)];
      case 'table':
      case 'source':
      case 'view':
      case 'materializedView':
        return [
          ...own('pg_class'),
          ...object.columns.flatMap(({ comment }, index) =>
            commentRow(object.id, 'pg_class', comment, index + 1),
          ),
          ...(object.kind === 'table' ? constraints(ownConstraints(object)) : []),
        ];
      default:
        return own('pg_class');
    }
  },
};

function commentRow(id: ObjectId, catalog: string, comment: string | undefined, number = 0): RawValue[][] {
  return comment === undefined ? [] : [[id, catalog, number, comment]];
}
