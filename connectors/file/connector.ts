import type { Connector } from '../contract.ts';
import { fileSink } from './sink.ts';
import { fileSource } from './source.ts';

/** Files of the server's machine. */
export const fileConnector: Connector = {
  name: 'file',
  aliases: ['posix_fs'],
  source: fileSource as unknown as NonNullable<Connector['source']>,
  sink: fileSink as unknown as NonNullable<Connector['sink']>,
};
