/** Groups of old consumers, told step by step as the documentation lists the steps. See `narrate.ts`. */
import type { OldConsumerEvent } from '../../src/client/old-consumer/events.ts'
import { unreachable } from '../../src/host/index.ts'
import type { ClusterView } from './cluster-view.ts'
import type { NarrationMemory, Telling } from './narrate.ts'
import { listNames } from './painter.ts'

export function narrateOldConsumer(
  event: OldConsumerEvent,
  view: ClusterView,
  memory: NarrationMemory,
): Telling | undefined {
  const who = event.client
  switch (event.kind) {
    case 'ConsumerRegistered': {
      const text = `registers in /consumers/${event.group}/ids (${event.subscription}), watches the ids and its topics, and rebalances`
      return { who, text, tone: 'plain' }
    }
    case 'ConsumerRegistrationWaits': {
      const text = `cannot register as ${event.consumerId}: a member of that id is there, whose session must end first`
      return { who, text, tone: 'warn' }
    }
    case 'RebalanceBegan':
      if (event.attempt > 1) return { who, text: `rebalances again (attempt ${event.attempt})`, tone: 'quiet' }
      return event.cause === 'start' ? undefined : { who, text: `rebalances: ${causes[event.cause]}`, tone: 'plain' }
    case 'PartitionsReleased':
      return { who, text: `gives up ${listNames(event.partitions)} before it computes anew`, tone: 'plain' }
    case 'PartitionsChosen': {
      const share = event.own.length === 0 ? 'nothing' : listNames(event.own.map(({ tp }) => tp))
      const text = `computes by ${event.strategy}: ${counted(event.partitions, 'partition')} over ${counted(event.threads, 'thread')} give it ${share}`
      return { who, text, tone: 'plain' }
    }
    case 'ClaimRefused': {
      const owner = view.consumerIds[event.owner.slice(0, event.owner.lastIndexOf('-'))] ?? 'somebody'
      const text = `cannot claim ${event.tp}: ${event.owner === '' ? 'it had another owner a moment ago' : `${owner} owns it`}`
      return { who, text, tone: 'warn' }
    }
    case 'ConsumerRebalanced': {
      const owned = Object.keys(event.offsets)
      if (owned.length === 0) return { who, text: `has no partition of group ${event.group}: it idles`, tone: 'warn' }
      return { who, text: `owns ${owned.map((tp) => beginning(tp, event.offsets[tp]!)).join(', ')}`, tone: 'good' }
    }
    case 'RebalanceFailed': {
      if (!event.final) return { who, text: `fails to rebalance: ${event.reason}`, tone: 'warn' }
      const text = `gives up rebalancing after ${event.attempt} attempts (ConsumerRebalanceFailedException): ${event.reason}`
      return { who, text, tone: 'bad' }
    }
    case 'ConsumerCommitted': {
      const where = event.storage === 'kafka' ? 'in __consumer_offsets' : 'in ZooKeeper'
      const offsets = Object.keys(event.offsets).map((tp) => `${tp} next offset ${event.offsets[tp]}`)
      return { who, text: `commits ${where} (${commits[event.why]}): ${offsets.join(', ')}`, tone: 'plain' }
    }
    case 'ConsumerCommitFailed': {
      if (!memory.changed(`commit ${who}`, event.error)) return undefined
      return { who, text: `fails to commit (${commits[event.why]}): ${event.error}`, tone: 'warn' }
    }
    case 'FetcherBlocked': {
      if (memory.times(`blocked ${who}`) > 1) return undefined
      const text = `has ${event.chunks} chunks of ${event.tp} waiting for its application, and fetches no more until it has taken one`
      return { who, text, tone: 'plain' }
    }
    case 'StreamEnded':
      return { who, text: `stops iterating over stream ${event.stream}: ${event.reason}`, tone: 'warn' }
    default:
      return unreachable(event)
  }
}

const causes = {
  start: 'it starts',
  members: 'the members of its group changed',
  partitions: 'a topic got more partitions',
  topics: 'topics came or went',
  brokers: 'there are brokers now',
  'new session': 'its session had expired, and with it all its nodes',
} as const

const commits = {
  auto: 'auto.commit.interval.ms',
  application: 'commitOffsets()',
  rebalance: 'before the rebalance',
  shutdown: 'it closes',
} as const

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

const beginning = (tp: string, offset: number): string =>
  offset < 0 ? `${tp} (no offset kept)` : `${tp} (from offset ${offset})`
