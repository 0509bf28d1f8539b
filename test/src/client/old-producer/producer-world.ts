/** A producer in a world of scripted brokers. */
import {
  type ApplicationMessage,
  OldProducerProcess,
  type PartitionerClass,
  type WorkloadOptions,
  type WorkloadProgress,
} from '../../../../src/client/index.ts'
import { configValues, producerConfigTable } from '../../../../src/config/index.ts'
import { ClientWorld, endpoint, Script } from '../scripted-broker.ts'

export interface Setup {
  readonly brokers?: number
  readonly leaders?: readonly number[]
  readonly config?: Readonly<Record<string, unknown>>
  readonly bootstrap?: readonly number[]
  readonly workload?: WorkloadOptions
  readonly progress?: WorkloadProgress
  readonly seed?: number
  readonly partitioner?: PartitionerClass
}

export function producer(setup: Setup = {}): ClientWorld {
  const { brokers = 2, leaders = [1], seed = 1 } = setup
  const script = new Script(brokers, leaders)
  const config = configValues(producerConfigTable, { 'request.required.acks': -1, ...setup.config })
  const bootstrap = (setup.bootstrap ?? script.brokers).map((id) => ({ ...endpoint(id), id: -1 }))
  return new ClientWorld(
    script,
    (host) =>
      new OldProducerProcess(host, {
        name: 'p1',
        bootstrap,
        config,
        ...(setup.partitioner === undefined ? {} : { partitioner: setup.partitioner }),
        ...(setup.workload === undefined ? {} : { workload: setup.workload }),
        ...(setup.progress === undefined ? {} : { progress: setup.progress }),
      }),
    seed,
  )
}

export function send(world: ClientWorld, ...messages: ReadonlyArray<string | ApplicationMessage>): void {
  world.world.call('p1', 'send', (process) => {
    for (const message of messages) {
      ;(process as OldProducerProcess).send(
        typeof message === 'string' ? { topic: 'orders', partition: 0, value: message } : message,
      )
    }
  })
}

/** Runs until nothing more happens within ten minutes. */
export const settle = (world: ClientWorld): ClientWorld => world.run(600_000)
