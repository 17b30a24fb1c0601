/** Microseconds of the clock that all threads of a process share; performance.now() has an origin of each thread. */
export const now = (): number => Number(process.hrtime.bigint()) / 1000;
