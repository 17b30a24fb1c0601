/** All connectors by the names that CREATE SOURCE and CREATE SINK use. */
import { SqlError } from '../sql/error.ts';
import { nearestName } from '../sql/nearest-name.ts';
import { registryConnection } from './confluent/connection.ts';
import type { ConnectionConnector, Connector } from './contract.ts';
import { fileConnector } from './file/connector.ts';
import { counterSource, nexmarkSource } from './generator/source.ts';
import { kafkaConnection } from './kafka/connection.ts';
import { kafkaSink } from './kafka/sink.ts';
import { kafkaSource } from './kafka/source.ts';

const connectors: readonly Connector[] = [
  fileConnector,
  {
    name: 'kafka',
    aliases: [],
    source: kafkaSource as unknown as NonNullable<Connector['source']>,
    sink: kafkaSink as unknown as NonNullable<Connector['sink']>,
  },
  {
    name: 'generator counter',
    aliases: ['counter'],
    source: counterSource as unknown as NonNullable<Connector['source']>,
    sink: null,
  },
  {
    name: 'generator nexmark',
    aliases: ['nexmark'],
    source: nexmarkSource as unknown as NonNullable<Connector['source']>,
    sink: null,
  },
];

const connections: readonly ConnectionConnector[] = [
  kafkaConnection as unknown as ConnectionConnector,
  registryConnection as unknown as ConnectionConnector,
];

/** Connections that are planned: refused by name, not as a typing error. */
const PLANNED_CONNECTIONS = ['postgres', 'mysql', 'aws', 'ssh', 's3'];

/** What CREATE CONNECTION … TO can name. Throws SqlError. */
export function findConnection(name: string, position?: number): ConnectionConnector {
  const found = connections.find((candidate) => candidate.name === name);
  if (found !== undefined) return found;
  const names = connections.map((candidate) => candidate.name.toUpperCase()).join(', ');
  if (PLANNED_CONNECTIONS.includes(name)) {
    const message = `CREATE CONNECTION TO ${name.toUpperCase()} is not supported yet`;
    throw new SqlError({ sqlstate: '0A000', message, hint: `Connections are to: ${names}.`, position });
  }
  throw new SqlError({
    sqlstate: '42704',
    message: `there are no connections to "${name}"`,
    hint: `Connections are to: ${names}.`,
    position,
  });
}

/** Connectors that are planned: refused by name, not as a typing error. */
const PLANNED = ['postgres', 'mysql', 's3', 'http', 'webhook', 'postgres-cdc', 'mysql-cdc'];

/** The connector of a statement: its name and, for a generator, what it generates. Throws SqlError. */
export function findConnector(
  clause: { readonly name: string; readonly variant?: string },
  position?: number,
): Connector {
  const wanted = clause.variant === undefined ? clause.name : `${clause.name} ${clause.variant}`;
  const found = connectors.find(({ name, aliases }) => name === wanted || aliases.includes(wanted));
  if (found !== undefined) return found;
  if (PLANNED.includes(clause.name)) {
    throw new SqlError({
      sqlstate: '0A000',
      message: `connector ${clause.name.toUpperCase()} is not supported yet`,
      hint: 'FILE, GENERATOR and KAFKA are.',
      position,
    });
  }
  const names = connectors.flatMap(({ name, aliases }) => [name, ...aliases]);
  const near = nearestName(wanted, names);
  throw new SqlError({
    sqlstate: '42704',
    message: `connector "${wanted}" does not exist`,
    hint:
      near === undefined
        ? `Connectors are: ${connectors.map(({ name }) => name.toUpperCase()).join(', ')}.`
        : `Perhaps you meant ${near.toUpperCase()}.`,
    position,
  });
}
