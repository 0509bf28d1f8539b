export * from './kafka-server.ts'
export * from './release-defaults.ts'
