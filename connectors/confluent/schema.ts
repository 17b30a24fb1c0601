/** Schemas of a registry with those that they use, as the engine takes them. */
import type { WrittenSchema } from '../../engine/index.ts';
import type { RegisteredSchema, SchemaRegistry } from './client.ts';

/** More references than a schema has: a registry that names itself in a circle is not followed. */
const MAX_REFERENCES = 1000;

/** A schema with all schemas that it uses, used ones first, each once. */
export async function writtenSchema(
  registry: SchemaRegistry,
  schema: RegisteredSchema,
): Promise<WrittenSchema> {
  const references = new Map<string, string>();
  const seen = new Set<string>();
  const visit = async (user: RegisteredSchema): Promise<void> => {
    for (const { name, subject, version } of user.references) {
      const key = JSON.stringify([name, subject, version]);
      if (seen.has(key) || seen.size > MAX_REFERENCES) continue;
      seen.add(key);
      const used = await registry.bySubject(subject, version);
      await visit(used);
      if (!references.has(name)) references.set(name, used.text);
    }
  };
  await visit(schema);
  return { text: schema.text, references: [...references] };
}
