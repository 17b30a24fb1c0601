/** To a client whose connection is ended from outside: by pg_terminate_backend, or because the server ends in order. */
export const SHUTDOWN = {
  sqlstate: '57P01',
  message: 'terminating connection due to administrator command',
} as const;

/** To every client when the engine is lost. */
export const CRASH = {
  sqlstate: '57P02',
  message: 'terminating connection because the engine failed',
  hint: 'In a moment you should be able to reconnect and repeat your command.',
} as const;
