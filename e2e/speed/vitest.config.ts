import { defineConfig } from 'vitest/config';

import tests from '../vitest.config.ts';

// One measurement after the other, and however long it takes.
export default defineConfig({
  test: { ...tests.test, include: ['speed/*.test.ts'], fileParallelism: false, testTimeout: 3 * 3_600_000 },
});
