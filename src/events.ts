/** Every trace event that Kafka's and ZooKeeper's code emits. The world's own are in `sim/kernel/events.ts`. */
import type { BrokerEvent } from './broker/events.ts'
import type { ClientEvent } from './client/events.ts'
import type { ControllerEvent } from './controller/events.ts'
import type { CoordinatorEvent } from './coordinator/events.ts'
import type { StorageEvent } from './storage/events.ts'
import type { ZooKeeperEvent } from './zookeeper/events.ts'

export type SystemEvent = StorageEvent | ZooKeeperEvent | BrokerEvent | ControllerEvent | CoordinatorEvent | ClientEvent
