/** The client broke the protocol. The connection cannot be trusted any more and ends. */
export class ProtocolError extends Error {
  readonly sqlstate: string;

  constructor(message: string, sqlstate = '08P01') {
    super(message);
    this.name = 'ProtocolError';
    this.sqlstate = sqlstate;
  }
}
