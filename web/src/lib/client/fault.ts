import { CommandError, ConnectionLost } from './commands';

/** An error as it goes from one thread to another. */
export interface Fault {
  name: string;
  message: string;
  code?: string;
  field?: string;
  retryMs?: number;
}

/** Takes an error apart, so that it can go. */
export const packed = (error: unknown): Fault => {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  if (!(error instanceof CommandError)) return { name, message };
  return { name, message, code: error.code, field: error.field, retryMs: error.retryMs };
};

/** Makes it the error again that it was. */
export const unpacked = ({ name, message, code = '', field, retryMs }: Fault): Error => {
  if (name === 'ConnectionLost') return new ConnectionLost();
  return name === 'CommandError' ? new CommandError(code, message, field, retryMs) : new Error(message);
};
