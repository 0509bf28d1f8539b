import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    // The default leaves one core idle: half of a machine of two.
    maxWorkers: '100%',
    projects: [
      // A limit for what hangs, not for what a busy machine does slowly: timings gate nothing.
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/interop/**'],
          // Loading the modules anew for each of some two hundred files took a third of the time; no test changes them.
          isolate: false,
          testTimeout: 300_000,
        },
      },
      { test: { name: 'interop', include: ['test/interop/**/*.test.ts'], testTimeout: 600_000 } },
    ],
  },
})
