import { CommandError } from './errors';
import type { Fault } from './fault';

/** Takes an error apart, so that it can go. */
export const packed = (error: unknown): Fault => {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  if (!(error instanceof CommandError)) return { name, message };
  return { name, message, code: error.code, field: error.field, retryMs: error.retryMs };
};
