/** Paths into a JSON record: of SQL/JSON's path language what names one value, `$.member."a member"[0]`. */
import { SqlError } from '../../sql/error.ts';

/** The member of an object, or the element of an array, counted from 0. */
export type JsonPathStep = string | number;

const STEP = /\s*(?:\.\s*([\p{L}_$][\p{L}\p{N}_$]*)|\.\s*"((?:[^"\\]|\\["\\/])*)"|\[\s*(\d{1,9})\s*\])/uy;
/** What the language has besides, refused by name. */
const BEYOND = /^\s*(\.\s*\*|\[\s*\*|\[[^\]]*(?:last|to|,)|\?|\.\s*[\p{L}]+\s*\()/u;

/** The steps of a path; none for `$`, the whole record. Throws SqlError. */
export function parseJsonPath(text: string, position?: number): JsonPathStep[] {
  const refuse = (sqlstate: string, message: string, hint: string): SqlError =>
    new SqlError({ sqlstate, message, hint, position });
  const body = text.trim();
  if (!body.startsWith('$')) {
    throw refuse('42601', `"${text}" is no path`, "A path begins with $, the record: '$.address.city'.");
  }
  const steps: JsonPathStep[] = [];
  let at = 1;
  while (at < body.length) {
    STEP.lastIndex = at;
    const found = STEP.exec(body);
    if (found === null) {
      const rest = body.slice(at).trim();
      if (rest === '') break;
      if (BEYOND.test(rest)) {
        throw refuse(
          '0A000',
          `"${rest}" in a path is not supported`,
          'A path names one value, by members and elements.',
        );
      }
      throw refuse(
        '42601',
        `syntax error in a path at "${rest}"`,
        `It is like '$.address.city', '$."a name"' or '$.tags[0]'.`,
      );
    }
    const [whole, plain, quoted, element] = found;
    steps.push(plain ?? quoted?.replace(/\\(.)/g, '$1') ?? Number(element));
    at += whole.length;
  }
  return steps;
}
