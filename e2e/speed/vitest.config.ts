import { defineConfig } from 'vitest/config';

import { driving } from '../vitest.config.ts';

// One measurement after the other, and however long it takes.
export default defineConfig({
  test: { ...driving, include: ['speed/*.test.ts'], fileParallelism: false, testTimeout: 3 * 3_600_000 },
});
