/**
 * What one run of the ZAB soak is to do: an ensemble, its clients, and the trouble they get into, as plain data. All of
 * it is drawn from named streams of the seed, one stream a fault, so that leaving one fault out leaves the others alone.
 *
 * Swarm: each family of faults is off in half of the runs. Damage to files goes to at most a minority of the servers,
 * always the same ones in a run: what is promised is promised while the disks of a quorum survive.
 */
import type { RandomStream } from '../../../src/host/index.ts'
import { type LatencyRange, RandomStreams } from '../../kernel/index.ts'
import { drawFault, type Fault, type FaultFamily, faultFamilies } from './faults.ts'

const SECOND = 1_000_000
const MILLISECOND = 1_000

/** Moments at which a fault hurts most: it waits for the next one. */
const moments = [
  'ZkServerState',
  'ZkRoleEnded',
  'ZkSynced',
  'ZkLeaderServing',
  'ZkProposed',
  'ZkAcknowledged',
  'ZkCommitted',
  'ZkRecovered',
  'ZkSessionClosed',
] as const
export type Moment = (typeof moments)[number]

export interface PlannedFault {
  readonly atUs: number
  /** It strikes a little after the first such event from `atUs` on. */
  readonly after: { readonly event: Moment; readonly delayUs: number } | undefined
  /** When it is undone. */
  readonly untilUs: number
  readonly fault: Fault
}

export interface PlannedClient {
  readonly name: string
  readonly sessionTimeoutMs: number
  /** Longest time between two bursts of work. */
  readonly thinkUs: number
}

export interface ZabPlan {
  readonly seed: number
  readonly servers: readonly string[]
  readonly settings: {
    readonly tickTimeMs: number
    readonly initLimit: number
    readonly syncLimit: number
    readonly snapCount: number
    readonly commitLogCount: number
  }
  readonly latencyUs: LatencyRange
  /** Of each machine by name; those that are not named go right. */
  readonly clocks: Readonly<Record<string, { readonly offsetUs: number; readonly driftPpm: number }>>
  /** Clients of the plain library. */
  readonly workers: readonly PlannedClient[]
  /** A client of Kafka's library. */
  readonly subscriber: PlannedClient
  /**
   * `late`: election messages come late, or not at all. `careless`: anybody is elected, whatever the others know. Safety
   * must not hang on elections: discovery and synchronisation have to make up for wrong ones.
   */
  readonly elections: 'fast' | 'late' | 'careless'
  readonly faults: readonly PlannedFault[]
  readonly faultsEndUs: number
  /** Servers whose files may get damaged: a minority. */
  readonly fragile: readonly string[]
}

/** The plan of a seed: every fourth ensemble has five servers. */
export function zabPlan(seed: number): ZabPlan {
  const all = new RandomStreams(seed)
  const streams = (name: string): RandomStream => all.stream(name)
  const shape = streams('zab/shape')
  const servers = numbered('zk', seed % 4 === 0 ? 5 : 3)
  const workers = numbered('c', 3).map((name) => drawClient(streams(`zab/client/${name}`), name))
  const subscriber = drawClient(streams('zab/client/k1'), 'k1')
  const faultsEndUs = shape.intBetween(20, 50, 'seconds of faults') * SECOND
  const swarm = streams('zab/swarm')
  const families = faultFamilies.filter((family) => swarm.chance(1, 2, `family ${family}`))
  const fragile = drawFragile(swarm, servers)
  const clients = [...workers.map(({ name }) => name), subscriber.name]
  return {
    seed,
    servers,
    settings: {
      tickTimeMs: shape.pick([1000, 2000], 'tick time'),
      initLimit: shape.pick([5, 10], 'init limit'),
      syncLimit: shape.pick([2, 5], 'sync limit'),
      snapCount: shape.pick([10, 25, 60, 1000], 'snap count'),
      commitLogCount: shape.pick([3, 10, 500], 'commit log count'),
    },
    latencyUs: { low: 200, high: shape.pick([800, 800, 5000, 40_000], 'latency') },
    clocks: families.includes('clock') ? drawClocks(streams('zab/clocks'), [...servers, ...clients]) : {},
    workers,
    subscriber,
    elections: swarm.pick(['fast', 'fast', 'late', 'careless'] as const, 'elections'),
    faults: drawFaults(streams, { families, servers, clients, fragile, faultsEndUs }),
    faultsEndUs,
    fragile,
  }
}

const numbered = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${i + 1}`)

function drawClient(random: RandomStream, name: string): PlannedClient {
  return {
    name,
    sessionTimeoutMs: random.pick([2000, 6000, 6000, 15_000], 'session timeout'),
    thinkUs: random.pick([150, 500, 1500], 'think') * MILLISECOND,
  }
}

function drawFragile(random: RandomStream, servers: readonly string[]): string[] {
  const minority = (servers.length - 1) >> 1
  const left = [...servers]
  return Array.from({ length: minority }, () => left.splice(random.intBelow(left.length, 'fragile'), 1)[0]!)
}

function drawClocks(random: RandomStream, machines: readonly string[]): ZabPlan['clocks'] {
  const clocks: Record<string, { offsetUs: number; driftPpm: number }> = {}
  for (const machine of machines) {
    clocks[machine] = {
      // Never before the beginning of time.
      offsetUs: random.intBetween(0, 600, 'offset') * SECOND,
      driftPpm: random.intBetween(-500, 500, 'drift'),
    }
  }
  return clocks
}

interface FaultSpace {
  readonly families: readonly FaultFamily[]
  readonly servers: readonly string[]
  readonly clients: readonly string[]
  readonly fragile: readonly string[]
  readonly faultsEndUs: number
}

function drawFaults(streams: (name: string) => RandomStream, space: FaultSpace): PlannedFault[] {
  if (space.families.length === 0) return []
  const swarm = streams('zab/swarm')
  const count = swarm.intBetween(3, 24, 'faults')
  const faults: PlannedFault[] = []
  for (let i = 0; i < count; i++) {
    const random = streams(`zab/fault-${i}`)
    const family = random.pick(space.families, 'family')
    const atUs = random.intBetween(2 * SECOND, space.faultsEndUs - SECOND, 'when')
    const lastsUs = random.pick([100, 1000, 5000, 15_000], 'lasts') * MILLISECOND
    const moreUs = random.intBelow(lastsUs, 'more')
    const after = random.chance(1, 2, 'at a moment')
      ? {
          event: random.pick(moments, 'moment'),
          delayUs: random.intBelow(random.pick([1, 5000, 300_000], 'scale'), 'delay'),
        }
      : undefined
    const untilUs = Math.min(atUs + lastsUs + moreUs, space.faultsEndUs)
    faults.push({ atUs, after, untilUs, fault: drawFault(random, family, space) })
  }
  // Ties keep the order in which they were drawn: sorting is stable.
  return faults.sort((a, b) => a.atUs - b.atUs)
}
