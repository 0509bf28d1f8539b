export type { BrokerAccess, InternalWrite } from './broker-access.ts'
export * from './events.ts'
export { GroupRequests, type GroupRequestsOptions } from './group-requests.ts'
export { ProducerIds } from './producer-ids.ts'
