/** Trace events of the clients that only scenarios have: ZooKeeper clients, resources, the operator. */
import type { WatchEventName } from '../scenario/plan.ts'

export type ClusterEvent =
  /** A ZooKeeper client asks for something. `operation` is the name that the scenario gave it. */
  | { readonly kind: 'ZkAsked'; readonly client: string; readonly operation: string; readonly asked: string }
  | {
      readonly kind: 'ZkAnswered'
      readonly client: string
      readonly operation: string
      readonly asked: string
      /** ZooKeeper's name of the error, or `OK`. `ConnectionLoss`: the outcome is unknown. */
      readonly error: string
      /** Fields that the answer does not have are null. */
      readonly path: string | null
      readonly data: string | null
      readonly version: number | null
      readonly children: readonly string[] | null
    }
  /** A watch of a client has fired and its event has reached the client. */
  | {
      readonly kind: 'ZkNotified'
      readonly client: string
      readonly event: WatchEventName
      readonly path: string
    }
  /** A leader's write came to a resource. */
  | {
      readonly kind: 'ResourceWritten'
      readonly resource: string
      readonly by: string
      /** Epoch of the writer's leadership, and the highest that the resource has seen. */
      readonly epoch: number
      readonly highest: number
      readonly accepted: boolean
    }
  /** The operator's tool wrote its request into ZooKeeper, or was refused. */
  | { readonly kind: 'AdminAsked'; readonly request: string; readonly error: string }
