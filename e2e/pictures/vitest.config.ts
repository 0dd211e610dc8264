import { defineConfig } from 'vitest/config';

import { driving } from '../vitest.config.ts';

export default defineConfig({ test: { ...driving, include: ['pictures/*.test.ts'] } });
