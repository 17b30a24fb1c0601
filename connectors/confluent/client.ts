/**
 * A client of the Confluent schema registry's API: JSON over HTTP, by Node's own client. Of the packages that speak it each
 * brings decoders in JavaScript with it, which the engine's make useless.
 */
import { type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { ConnectorError } from '../contract.ts';
import type { OptionSpecs, ParsedOptions } from '../options.ts';
import { withoutSecrets } from '../secret.ts';

/** Options of CREATE CONNECTION … TO CONFLUENT SCHEMA REGISTRY (…). */
export const registryConnectionOptions = {
  /** http or https, with a path where the registry has one. */
  url: { type: 'string', required: true },
  username: { type: 'string' },
  password: { type: 'secret' },
  /** PEM of who signed the registry's certificate; without it those that Node knows. */
  ssl_certificate_authority: { type: 'secret', literal: true },
  ssl_certificate: { type: 'secret', literal: true },
  ssl_key: { type: 'secret' },
} as const satisfies OptionSpecs;

export type RegistryConnectionOptions = ParsedOptions<typeof registryConnectionOptions>;

/** What a schema is written in. */
export type SchemaType = 'AVRO' | 'PROTOBUF' | 'JSON';

/** Another schema that one uses, and the name that it uses it by. */
export interface SchemaReference {
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

export interface RegisteredSchema {
  readonly id: number;
  readonly type: SchemaType;
  readonly text: string;
  readonly references: readonly SchemaReference[];
}

/** The registry's own answer that there is none of what was asked for. */
export class NotRegistered extends ConnectorError {}

const TIMEOUT = 10_000;
/** Schemas longer than this are not read. */
const MAX_ANSWER = 16 << 20;

/** One registry. It holds nothing: the options are asked for each time, so that an altered connection counts at once. */
export class SchemaRegistry {
  readonly #options: () => RegistryConnectionOptions;

  constructor(options: () => RegistryConnectionOptions) {
    this.#options = options;
  }

  /** Asks what every registry can answer. */
  async validate(): Promise<void> {
    const types = await this.#call('GET', '/schemas/types');
    if (Array.isArray(types)) return;
    throw this.#error(`${this.#options().url} is no schema registry`);
  }

  /** The schema of an id that messages carry. Throws `NotRegistered`. */
  async byId(id: number, signal?: AbortSignal): Promise<RegisteredSchema> {
    return this.#schema(await this.#call('GET', `/schemas/ids/${id}`, undefined, signal), id);
  }

  /** The newest version of a subject, or one of its versions. Throws `NotRegistered`. */
  async bySubject(subject: string, version: number | 'latest' = 'latest'): Promise<RegisteredSchema> {
    const path = `/subjects/${encodeURIComponent(subject)}/versions/${version}`;
    const answer = await this.#call('GET', path);
    return this.#schema(answer, Number((answer as { id?: unknown }).id));
  }

  /** Makes a schema the newest version of a subject, if it is not there yet; returns its id. */
  async register(
    subject: string,
    schema: {
      readonly type: SchemaType;
      readonly text: string;
      readonly references?: readonly SchemaReference[];
    },
  ): Promise<number> {
    const { type, text, references = [] } = schema;
    const answer = await this.#call('POST', `/subjects/${encodeURIComponent(subject)}/versions`, {
      schema: text,
      ...(type === 'AVRO' ? {} : { schemaType: type }),
      ...(references.length === 0 ? {} : { references }),
    });
    const { id } = answer as { id?: unknown };
    if (typeof id === 'number') return id;
    throw this.#error(`the schema registry gave subject "${subject}" no id`);
  }

  #schema(answer: unknown, id: number): RegisteredSchema {
    const { schema, schemaType = 'AVRO', references } = answer as Record<string, unknown>;
    if (typeof schema !== 'string' || !Number.isInteger(id)) {
      throw this.#error(`${this.#options().url} answered with no schema`);
    }
    return {
      id,
      type: schemaType as SchemaType,
      text: schema,
      references: (references as readonly SchemaReference[] | null | undefined) ?? [],
    };
  }

  async #call(method: 'GET' | 'POST', path: string, body?: unknown, signal?: AbortSignal): Promise<unknown> {
    const { status, text } = await this.#exchange(method, path, body, signal);
    let answer: unknown;
    try {
      answer = JSON.parse(text);
    } catch {
      answer = null;
    }
    if (status >= 200 && status < 300 && answer !== null) return answer;
    const said = (answer as { message?: unknown } | null)?.message;
    const reason = typeof said === 'string' ? said : `HTTP status ${status}`;
    const options = this.#options();
    if (status === 401 || status === 403) {
      throw new ConnectorError({
        sqlstate: '28000',
        message: this.#clean(`the schema registry at ${options.url} refused: ${reason}`),
        hint: 'Look at USERNAME and PASSWORD of the connection.',
      });
    }
    if (status === 404 && answer !== null) {
      throw new NotRegistered({ sqlstate: '42704', message: this.#clean(`schema registry: ${reason}`) });
    }
    if (status === 409 || status === 422) {
      const sqlstate = status === 409 ? '42P17' : '22023';
      throw new ConnectorError({ sqlstate, message: this.#clean(`schema registry: ${reason}`) });
    }
    throw this.#error(`the schema registry at ${options.url} answered: ${reason}`);
  }

  /** One request; what keeps it from its answer is 08001. */
  async #exchange(
    method: string,
    path: string,
    body: unknown,
    signal: AbortSignal | undefined,
  ): Promise<{ status: number; text: string }> {
    const options = this.#options();
    const url = new URL(`${options.url.replace(/\/+$/, '')}${path}`);
    const content = body === undefined ? null : Buffer.from(JSON.stringify(body));
    const settings: RequestOptions = {
      method,
      timeout: TIMEOUT,
      // Requests are few: a connection each, so that none is reused that the registry has given up.
      agent: false,
      headers: {
        accept: 'application/vnd.schemaregistry.v1+json, application/json',
        ...(content === null
          ? {}
          : { 'content-type': 'application/vnd.schemaregistry.v1+json', 'content-length': content.length }),
      },
      ...(signal === undefined ? {} : { signal }),
      ...(options.username === undefined
        ? {}
        : { auth: `${options.username}:${options.password?.reveal() ?? ''}` }),
    };
    try {
      return await new Promise((resolve, reject) => {
        const sent =
          url.protocol === 'https:'
            ? requestHttps(url, { ...settings, ...tlsOf(options) })
            : requestHttp(url, settings);
        sent.on('timeout', () => sent.destroy(new Error('no answer in time')));
        sent.on('error', reject);
        sent.on('response', (response) => {
          const parts: Buffer[] = [];
          let length = 0;
          response.on('data', (part: Buffer) => {
            parts.push(part);
            length += part.length;
            if (length > MAX_ANSWER) sent.destroy(new Error('its answer is too long'));
          });
          response.on('error', reject);
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') }),
          );
        });
        sent.end(content ?? undefined);
      });
    } catch (error) {
      const { message, code } = error as NodeJS.ErrnoException;
      // Of several addresses that were tried the error has no message of its own.
      throw this.#error(
        `could not connect to the schema registry at ${options.url}: ${message || (code ?? 'no answer')}`,
      );
    }
  }

  #error(message: string): ConnectorError {
    return new ConnectorError({ sqlstate: '08001', message: this.#clean(message) });
  }

  #clean(text: string): string {
    return withoutSecrets(text, Object.values(this.#options()));
  }
}

function tlsOf(options: RegistryConnectionOptions): { ca?: string; cert?: string; key?: string } {
  const { ssl_certificate_authority: ca, ssl_certificate: cert, ssl_key: key } = options;
  return {
    ...(ca === undefined ? {} : { ca: ca.reveal() }),
    ...(cert === undefined ? {} : { cert: cert.reveal() }),
    ...(key === undefined ? {} : { key: key.reveal() }),
  };
}
