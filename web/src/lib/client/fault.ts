import { CommandError, ConnectionLost } from './errors';

/** An error as it goes from one thread to another. */
export interface Fault {
  name: string;
  message: string;
  code?: string;
  field?: string;
  retryMs?: number;
}

/** Makes it the error again that it was. */
export const unpacked = ({ name, message, code = '', field, retryMs }: Fault): Error => {
  if (name === 'ConnectionLost') return new ConnectionLost();
  return name === 'CommandError' ? new CommandError(code, message, field, retryMs) : new Error(message);
};
