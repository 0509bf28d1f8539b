export * from './admin.ts'
export * from './cluster.ts'
export type * from './events.ts'
export { operationWords } from './operation-words.ts'
