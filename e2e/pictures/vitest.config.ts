import { defineConfig, mergeConfig } from 'vitest/config';

import tests from '../vitest.config.ts';

const pictures = mergeConfig(tests, defineConfig({}));
pictures.test.include = ['pictures/*.test.ts'];
export default pictures;
