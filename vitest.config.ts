import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    // The default leaves one core idle: half of a machine of two.
    maxWorkers: '100%',
    projects: [
      { test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: ['test/interop/**'], testTimeout: 60_000 } },
      { test: { name: 'interop', include: ['test/interop/**/*.test.ts'], testTimeout: 600_000 } },
    ],
  },
})
