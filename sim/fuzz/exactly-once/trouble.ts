/**
 * What goes wrong around transactions: clients crash, stand still, are replaced and cut off; brokers, among them the
 * coordinators and the leaders, crash, stand still, lose each other and their sessions; and single requests come late.
 */
import type { RandomStream } from '../../../src/host/index.ts'
import { at, MILLISECOND, machines, nowhere, SECOND, type Timed } from '../timed.ts'
import type { Cast } from './clients.ts'

const families = [
  'client-crash',
  'client-pause',
  'replace',
  'broker-crash',
  'broker-pause',
  'shutdown',
  'cut',
  'stall',
  'reset',
  'session',
  'late',
] as const
type Family = (typeof families)[number]

/** Requests whose delay matters: to coordinators, to leaders, and between the two. */
const lateFromClients = [
  'EndTxn',
  'EndTxn',
  'Produce',
  'Produce',
  'AddPartitionsToTxn',
  'TxnOffsetCommit',
  'InitProducerId',
]

export interface Scene {
  readonly cast: Cast
  readonly brokers: readonly string[]
  readonly endUs: number
}

/** Swarm: each family is off in half of the runs, so that some runs are all crashes and others all delays. */
export function randomTrouble(streams: (name: string) => RandomStream, scene: Scene): Timed[] {
  const swarm = streams('fuzz/swarm')
  const chosen = families.filter((family) => swarm.chance(1, 2, `family ${family}`))
  if (chosen.length === 0) return []
  const count = swarm.intBetween(3, 16, 'faults')
  const timed: Timed[] = []
  for (let i = 0; i < count; i++) {
    const random = streams(`fuzz/fault-${i}`)
    const us = random.intBetween(3 * SECOND, scene.endUs - SECOND, 'when')
    timed.push(...fault(random, random.pick(chosen, 'family'), us, scene))
  }
  return timed
}

function fault(random: RandomStream, family: Family, us: number, { cast, brokers }: Scene): Timed[] {
  const span = nowhere
  const writers = [...cast.applications, ...cast.producers].map(({ name }) => name)
  const client = random.pick(writers, 'client')
  const broker = random.pick(brokers, 'broker')
  const lasts =
    random.pick([200, 1500, 4000, 7000], 'lasts') * MILLISECOND + random.intBelow(1000, 'more') * MILLISECOND
  const untilUs = us + lasts
  const clients = machines(client)
  const one = machines(broker)
  switch (family) {
    case 'client-crash':
      return [at(us, { do: 'crash', span, targets: clients }), at(untilUs, { do: 'restart', span, targets: clients })]
    case 'client-pause':
      return [at(us, { do: 'pause', span, targets: clients }), at(untilUs, { do: 'resume', span, targets: clients })]
    case 'replace':
      // Whoever has the same transactional id is fenced by it.
      return [at(us, { do: 'restart', span, targets: clients })]
    case 'broker-crash':
      return [at(us, { do: 'crash', span, targets: one }), at(untilUs, { do: 'restart', span, targets: one })]
    case 'broker-pause':
      return [at(us, { do: 'pause', span, targets: one }), at(untilUs, { do: 'resume', span, targets: one })]
    case 'shutdown':
      return [at(us, { do: 'shutdown', span, targets: one }), at(untilUs, { do: 'restart', span, targets: one })]
    case 'cut':
    case 'stall': {
      const from = random.chance(1, 2, 'client') ? clients : one
      const peers = brokers.filter((name) => name !== broker)
      const to = random.chance(1, 2, 'one peer') ? machines(random.pick(peers, 'peer')) : machines(...peers)
      const links = { from, to, oneWay: random.chance(1, 3, 'one way'), span }
      return [at(us, { do: family, ...links }), at(untilUs, { do: family === 'cut' ? 'heal' : 'release', ...links })]
    }
    case 'reset':
      return [at(us, { do: 'reset', span, from: clients, to: machines(...brokers) })]
    case 'session':
      return [at(us, { do: 'expireSession', span, targets: one })]
    case 'late': {
      const isMarker = random.chance(1, 5, 'marker')
      const message = isMarker ? 'WriteTxnMarkers' : random.pick(lateFromClients, 'message')
      const targets = isMarker ? one : clients
      const delayUs = random.pick([500, 1500, 2500, 5000], 'late by') * MILLISECOND
      return [at(us, { do: 'delayNext', span, message, targets, us: delayUs })]
    }
  }
}
