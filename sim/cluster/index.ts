export * from './admin.ts'
export * from './cluster.ts'
