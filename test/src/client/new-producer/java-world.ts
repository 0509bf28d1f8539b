/** A Java producer in a world of scripted brokers. */
import {
  type ApplicationMessage,
  JavaProducerProcess,
  javaProducerConfig,
  type WorkloadOptions,
} from '../../../../src/client/index.ts'
import { type PresetName, presets } from '../../../../src/versions.ts'
import { ClientWorld, endpoint, Script } from '../scripted-broker.ts'

export interface Setup {
  readonly release?: PresetName
  readonly brokers?: number
  readonly leaders?: readonly number[]
  readonly config?: Readonly<Record<string, unknown>>
  readonly workload?: WorkloadOptions
  readonly seed?: number
}

export function javaProducer(setup: Setup = {}): ClientWorld {
  const { release = '0.10.2', brokers = 2, leaders = [1], seed = 1, workload } = setup
  const script = new Script(brokers, leaders)
  const config = javaProducerConfig(release, setup.config ?? {})
  const bootstrap = script.brokers.map((id) => ({ ...endpoint(id), id: -1 }))
  const options = { name: 'p1', bootstrap, config, versions: presets[release] }
  return new ClientWorld(
    script,
    (host) => new JavaProducerProcess(host, { ...options, ...(workload === undefined ? {} : { workload }) }),
    seed,
  )
}

export function send(world: ClientWorld, ...messages: ReadonlyArray<string | ApplicationMessage>): void {
  world.world.call('p1', 'send', (process) => {
    for (const message of messages) {
      ;(process as JavaProducerProcess).send(
        typeof message === 'string' ? { topic: 'orders', partition: 0, value: message } : message,
      )
    }
  })
}

/** A message of so many bytes, and a key or none. */
export const message = (name: string, bytes: number, more: Partial<ApplicationMessage> = {}): ApplicationMessage => ({
  topic: 'orders',
  partition: 0,
  value: bytes > name.length ? `${name}\n${'.'.repeat(bytes - name.length - 1)}` : name,
  ...more,
})

/** Messages of each batch, in the order in which they were sent. */
export const batches = (world: ClientWorld): ReadonlyArray<readonly string[]> =>
  world.of('ProduceSent').map(({ messages }) => messages)

/** Lets so many milliseconds pass. */
export const pass = (world: ClientWorld, ms: number): ClientWorld => world.run(world.world.now / 1000 + ms)
