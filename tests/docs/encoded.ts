/** Messages as a producer with a schema registry writes them, from the JSON that a page shows. */
import avro from 'avsc';
import protobuf from 'protobufjs';
import type { Registry } from '../support/registry.ts';

/** A line as `avro`, or as `protobuf` and a message's name, by the newest schema of the topic's values. */
export async function encoded(
  registry: Registry,
  topic: string,
  encoding: string,
  line: string,
): Promise<Buffer> {
  const { id, schema } = await registry.latest(`${topic}-value`);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(id, 1);
  const [kind, name = ''] = encoding.split(' ');
  if (kind === 'avro') {
    const type = avro.Type.forSchema(JSON.parse(schema) as avro.Schema, { wrapUnions: true });
    return Buffer.concat([head, type.toBuffer(type.fromString(line))]);
  }
  const type = protobuf.parse(schema, new protobuf.Root(), { keepCase: true }).root.lookupType(name);
  const message = type.encode(type.fromObject(JSON.parse(line) as object)).finish();
  // The first message of the schema.
  return Buffer.concat([head, Buffer.from([0]), message]);
}
