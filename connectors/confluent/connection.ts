/** CREATE CONNECTION … TO CONFLUENT SCHEMA REGISTRY: which options go together, and whether they let us in. */
import { SqlError } from '../../sql/error.ts';
import type { ConnectionConnector } from '../contract.ts';
import { type RegistryConnectionOptions, SchemaRegistry, registryConnectionOptions } from './client.ts';

/** As CREATE CONNECTION … TO names it. */
export const REGISTRY = 'confluent schema registry';

export const registryConnection: ConnectionConnector<typeof registryConnectionOptions> = {
  name: REGISTRY,
  options: registryConnectionOptions,

  check(options: RegistryConnectionOptions): void {
    const url = URL.canParse(options.url) ? new URL(options.url) : null;
    if (url === null || !['http:', 'https:'].includes(url.protocol)) {
      throw new SqlError({
        sqlstate: '22023',
        message: 'the option "url" is no address of a schema registry',
        hint: "URL is like 'https://registry.example:8081'.",
      });
    }
    if (url.username !== '' || url.password !== '') {
      throw new SqlError({
        sqlstate: '22023',
        message: 'the option "url" must not have a user or a password in it',
        hint: "Use USERNAME 'u', PASSWORD SECRET p.",
      });
    }
    if (options.password !== undefined && options.username === undefined) throw missing('username');
    if ((options.ssl_key === undefined) !== (options.ssl_certificate === undefined)) {
      throw missing(options.ssl_key === undefined ? 'ssl_key' : 'ssl_certificate');
    }
  },

  validate: (options: RegistryConnectionOptions) => new SchemaRegistry(() => options).validate(),
};

function missing(option: string): SqlError {
  return new SqlError({
    sqlstate: '22023',
    message: `connection ${REGISTRY.toUpperCase()} needs the option "${option}" with the others that are given`,
  });
}
