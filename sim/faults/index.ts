/** The vocabulary of things that go wrong, one file a family. */
export * from './clock.ts'
export * from './disk.ts'
export * from './network.ts'
export * from './outcome.ts'
export * from './power.ts'
export * from './process.ts'
export * from './session.ts'
