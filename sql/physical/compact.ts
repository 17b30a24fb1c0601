/**
 * Drops nodes that the output does not need and renumbers the rest.
 */
import type { Node, Operator, Output } from '../../engine/plan.generated.ts';

/** The nodes that an operator reads. */
function inputsOf(operator: Operator): readonly number[] {
  switch (operator.kind) {
    case 'constant':
    case 'import':
    case 'lookup':
      return [];
    case 'join':
      return [operator.left, operator.right];
    case 'union':
      return operator.inputs;
    case 'deltaJoin':
      return operator.paths.flatMap(({ source, stages }) => [
        source,
        ...stages.map(({ arrangement }) => arrangement),
      ]);
    default:
      return [operator.input];
  }
}

function renumberOperator(operator: Operator, to: (node: number) => number): Operator {
  switch (operator.kind) {
    case 'constant':
    case 'import':
    case 'lookup':
      return operator;
    case 'join':
      return { ...operator, left: to(operator.left), right: to(operator.right) };
    case 'union':
      return { ...operator, inputs: operator.inputs.map(to) };
    case 'deltaJoin':
      return {
        ...operator,
        paths: operator.paths.map((path) => ({
          ...path,
          source: to(path.source),
          stages: path.stages.map((stage) => ({ ...stage, arrangement: to(stage.arrangement) })),
        })),
      };
    default:
      return { ...operator, input: to(operator.input) };
  }
}

function outputNodes(output: Output): readonly number[] {
  if (output.kind !== 'write') return [output.node];
  const { deleted, inserted, returned, replaced = null } = output;
  return [deleted, inserted, returned, replaced].filter((node) => node !== null);
}

function renumberOutput(output: Output, to: (node: number) => number): Output {
  if (output.kind !== 'write') return { ...output, node: to(output.node) };
  return {
    ...output,
    deleted: output.deleted === null ? null : to(output.deleted),
    inserted: output.inserted === null ? null : to(output.inserted),
    returned: output.returned === null ? null : to(output.returned),
    ...(output.replaced == null ? {} : { replaced: to(output.replaced) }),
  };
}

/** The plan's nodes and output without what nothing reads. */
export function compact(nodes: readonly Node[], output: Output): { nodes: Node[]; output: Output } {
  const needed = new Set<number>();
  const need = (node: number): void => {
    if (needed.has(node)) return;
    needed.add(node);
    inputsOf(nodes[node]!.operator).forEach(need);
  };
  outputNodes(output).forEach(need);
  const order = [...needed].toSorted((a, b) => a - b);
  const positions = new Map(order.map((node, position) => [node, position]));
  const to = (node: number): number => positions.get(node)!;
  return {
    nodes: order.map((node) => ({
      ...nodes[node]!,
      operator: renumberOperator(nodes[node]!.operator, to),
    })),
    output: renumberOutput(output, to),
  };
}
