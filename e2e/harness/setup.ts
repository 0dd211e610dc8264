import type { TestProject } from 'vitest/node';

import { chrome, serve } from './chrome.ts';
import { binary } from './server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the browsers are that all files of tests share. */
    browsers: string[];
  }
}

/**
 * Says what is missing before the first test does, and starts the browsers that all tests share: each person in a test has a
 * profile of their own in one of them. Starting two for each file cost more than what most files do.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  binary();
  chrome();
  const browsers = await Promise.all([serve(), serve()]);
  project.provide(
    'browsers',
    browsers.map((browser) => browser.wsEndpoint()),
  );
  return async () => {
    await Promise.all(browsers.map((browser) => browser.close()));
  };
}
