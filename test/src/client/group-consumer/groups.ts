/** Consumers of groups on a whole cluster, with a producer that feeds them. */
import type { ClientPlan, ClusterPlan, GroupConsumerPlan } from '../../../../sim/scenario/plan.ts'
import { eventOf } from '../../../../sim/view/any-event.ts'
import { ApplicationBooks, type StandingMessage } from '../../../../sim/view/application-books.ts'
import { clientOfMember, messageName } from '../../../../sim/view/names.ts'
import type { PresetName } from '../../../../src/versions.ts'
import { ClusterHarness, producer, topic } from '../../broker/cluster-harness.ts'

export const MS = 1000
export const GROUP = 'billing'

export const member = (name: string, fields: Partial<GroupConsumerPlan> = {}): GroupConsumerPlan => ({
  kind: 'group-consumer',
  name,
  group: GROUP,
  subscribes: { topics: ['orders'] },
  config: { 'auto.offset.reset': 'earliest' },
  bootstrap: [],
  processing: { eachUs: 0, commits: 'auto', withoutWaiting: false, handsOver: false },
  pollUs: 100 * MS,
  autostart: true,
  ...fields,
})

export interface GroupSetup {
  readonly protocol?: PresetName
  readonly partitions?: number
  readonly clients: readonly ClientPlan[]
  readonly brokerConfig?: ClusterPlan['brokerConfig']
  readonly topicConfig?: Readonly<Record<string, unknown>>
  readonly everyMs?: number
  readonly count?: number
  readonly seed?: number
}

/** Three brokers, a topic `orders`, a producer that writes to it all the time, and clients. */
export function world(setup: GroupSetup): ClusterHarness {
  const { protocol = '1.1', partitions = 4, clients, everyMs = 50, count } = setup
  const replicas = Array.from({ length: partitions }, (_, index) => [0, 1, 2].map((i) => ((index + i) % 3) + 1))
  return ClusterHarness.ready({
    ...(setup.seed === undefined ? {} : { seed: setup.seed }),
    plan: {
      protocol,
      topics: [topic({ partitions, replicas, config: setup.topicConfig ?? {} })],
      brokerConfig: { 'offsets.topic.num.partitions': 5, ...setup.brokerConfig },
      clients: [
        {
          ...producer('p1', -1),
          workload: {
            topic: 'orders',
            everyUs: everyMs * MS,
            startUs: 3000 * MS,
            keys: { low: 1, high: 100 },
            sizeBytes: 20,
            ...(count === undefined ? {} : { count }),
          },
        },
        ...clients,
      ],
    },
  })
}

/** Which partitions each client owns by its own account, of the last generation that it heard of. */
export function owners(harness: ClusterHarness): Record<string, readonly string[]> {
  const owned: Record<string, readonly string[]> = {}
  for (const record of harness.records) {
    const event = eventOf(record)
    if (event.kind === 'PartitionsAssigned') owned[event.client] = event.partitions
    else if (event.kind === 'PartitionsRevoked' || event.kind === 'GroupLeft') delete owned[event.client]
    else if (event.kind === 'ProcessEnded') delete owned[record.machine]
  }
  return owned
}

/** What the applications of a run have done. */
export function books(harness: ClusterHarness): ApplicationBooks {
  const applications = new ApplicationBooks()
  for (const record of harness.records) applications.apply(record)
  return applications
}

/** How many partitions each client owns. */
export const sizes = (harness: ClusterHarness): Record<string, number> =>
  Object.fromEntries(Object.entries(owners(harness)).map(([client, partitions]) => [client, partitions.length]))

/** Runs until these clients, and no others, share a generation that all of them have heard of. */
export function stable(harness: ClusterHarness, clients: readonly string[], group = GROUP, withinMs = 30_000): void {
  let read = 0
  let generation = -1
  let members: readonly string[] = []
  const heard = new Map<string, number>()
  harness.until(
    `${clients.join(' and ')} are the group`,
    () => {
      for (; read < harness.records.length; read++) {
        const event = eventOf(harness.records[read]!)
        if (event.kind === 'GenerationStarted' && event.group === group) {
          generation = event.generation
          members = event.members.map(clientOfMember)
        } else if (event.kind === 'PartitionsAssigned' && event.group === group) {
          heard.set(event.client, event.generation)
        }
      }
      return (
        members.length === clients.length &&
        clients.every((client) => members.includes(client) && heard.get(client) === generation)
      )
    },
    withinMs,
  )
}

/** The broker that spoke last for the group. */
export const coordinatorOf = (harness: ClusterHarness): string => harness.seen('GenerationStarted').at(-1)!.machine

/** What stands in each partition, by the appends of its leaders. */
export function logOf(harness: ClusterHarness): (tp: string) => StandingMessage[] {
  const logs = new Map<string, Map<number, string>>()
  for (const record of harness.records) {
    const event = eventOf(record)
    if (event.kind !== 'Appended' || event.role !== 'leader') continue
    const log = logs.get(event.tp) ?? new Map<number, string>()
    logs.set(event.tp, log)
    for (const { offset, value } of event.messages) log.set(offset, messageName(value ?? ''))
  }
  return (tp) => [...(logs.get(tp) ?? [])].map(([offset, message]) => ({ offset, message }))
}
