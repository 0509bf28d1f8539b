export * from './kafka-server.ts'
