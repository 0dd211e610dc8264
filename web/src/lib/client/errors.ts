/** The server refused a command; `code` is one of docs/protocol.md, "Errors". */
export class CommandError extends Error {
  readonly code: string;
  readonly field: string;
  /** After how many milliseconds another try makes sense; 0 where waiting does not help. */
  readonly retryMs: number;

  constructor(code: string, message: string, field = '', retryMs = 0) {
    super(message);
    this.name = 'CommandError';
    this.code = code;
    this.field = field;
    this.retryMs = retryMs;
  }
}

/** The connection ended before the answer came, or there was none: whether the command was carried out is not known. */
export class ConnectionLost extends Error {
  constructor() {
    super('The connection was lost before the answer came.');
    this.name = 'ConnectionLost';
  }
}
