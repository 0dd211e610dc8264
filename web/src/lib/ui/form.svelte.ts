import { ApiError, sentence } from '../api';

/** The state of one form: whether its answer is awaited, and what was wrong with which input. */
export class Form {
  #busy = $state(false);
  #errors = $state.raw<Readonly<Record<string, string>>>({});
  readonly #fields: readonly string[];

  /** `fields` are the inputs that can show an error of their own; any other error is shown above them. */
  constructor(fields: readonly string[]) {
    this.#fields = fields;
  }

  get busy(): boolean {
    return this.#busy;
  }

  /** What is wrong with an input; empty if nothing. */
  error(field: string): string {
    return this.#errors[field] ?? '';
  }

  /** What is wrong with no input in particular. */
  get general(): string {
    return this.error('');
  }

  set(field: string, message: string): void {
    this.#errors = { [field]: message };
  }

  /** Calls `send` once; what it throws is shown. Moves to the first input at fault. */
  async submit(event: SubmitEvent, send: () => Promise<void>): Promise<void> {
    event.preventDefault();
    if (this.#busy) return;
    const form = event.currentTarget;
    this.#busy = true;
    this.#errors = {};
    try {
      await send();
    } catch (error) {
      const field = error instanceof ApiError && this.#fields.includes(error.field) ? error.field : '';
      this.set(field, sentence(error));
      if (field !== '' && form instanceof HTMLFormElement) {
        form.querySelector<HTMLElement>(`[name="${field}"]`)?.focus();
      }
    } finally {
      this.#busy = false;
    }
  }
}
