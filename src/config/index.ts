export * from './broker-config.ts'
export * from './client-config.ts'
export * from './config-def.ts'
export * from './topic-config.ts'
