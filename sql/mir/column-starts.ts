/** Where the columns of each of these begin, where they stand one behind the other, as those of a join's inputs do. */
export function columnStarts(inputs: readonly { readonly columns: readonly unknown[] }[]): number[] {
  let arity = 0;
  return inputs.map(({ columns }) => {
    const start = arity;
    arity += columns.length;
    return start;
  });
}
