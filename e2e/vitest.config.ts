import { defineConfig } from 'vitest/config';

import { patience } from './harness/patience.ts';

/** What has to have the machine for itself: it measures. */
const alone = ['tests/lighthouse.test.ts'];

/** What holds for everything that drives a browser: the tests here, what is measured, and what takes pictures. */
export const driving = {
  globalSetup: ['harness/setup.ts'],
  // Many looks take their time where there is no machine to spare. What hangs is found by what it waits for.
  testTimeout: 300_000,
  hookTimeout: 300_000,
  expect: { poll: { timeout: patience, interval: 50 } },
};

export default defineConfig({
  test: {
    ...driving,
    projects: [
      {
        extends: true,
        test: {
          name: 'together',
          include: ['tests/**/*.test.ts'],
          exclude: alone,
          // Each file has a server of its own, and profiles of its own in browsers that all share. Two at a time: a page
          // that waits leaves the processor to another. They share their modules, too, which is quicker and does no harm:
          // what a test has is its own.
          maxWorkers: 2,
          isolate: false,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'alone', include: alone, fileParallelism: false, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
