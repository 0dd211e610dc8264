import { vi } from 'vitest';

/** So long, in milliseconds, a test waits for what is to come: on a machine that is busy even a part of the page takes seconds. */
export const patience = 60_000;

/** Waits until a check holds. */
export async function eventually(check: () => void): Promise<void> {
  await vi.waitFor(check, { timeout: patience });
}
