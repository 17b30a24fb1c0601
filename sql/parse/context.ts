import type { Extensions } from '../ast/extension.ts';
import { SqlError, type Notice } from '../error.ts';
import type { SourceText } from './source-text.ts';

/** What the parts of one statement's parser share. */
export interface ParseContext {
  source: SourceText;
  extensions: Extensions;
  notices: Notice[];
}

/** A context for one statement of a text. */
export function newContext(source: SourceText): ParseContext {
  return { source, extensions: { at: new Map() }, notices: [] };
}

/** The notice for something of another system that is accepted without effect. */
export function noEffect(context: ParseContext, what: string, utf16: number): void {
  context.notices.push({
    severity: 'NOTICE',
    sqlstate: '00000',
    message: `${what} has no effect here`,
    position: context.source.positionOfUtf16(utf16),
  });
}

/** An error at a UTF-16 offset. */
export function errorAt(
  context: { source: SourceText },
  utf16: number,
  message: string,
  sqlstate = '42601',
  hint?: string,
): SqlError {
  return new SqlError({ sqlstate, message, hint, position: context.source.positionOfUtf16(utf16) });
}
