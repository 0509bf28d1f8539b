/** The trouble that the ZAB soak knows, drawn and inflicted. Whoever is hit may be named by its role of the moment. */
import type { RandomStream } from '../../../src/host/index.ts'
import { unreachable } from '../../../src/host/index.ts'
import type { Machine } from '../../kernel/index.ts'
import type { ZabEnsemble } from './ensemble.ts'

export const faultFamilies = [
  'crash',
  'power',
  'power-all',
  'pause',
  'isolate',
  'lag',
  'partition',
  'one-way',
  'reset',
  'slow-link',
  'clock',
  'slow-disk',
  'full-disk',
  'unreadable',
  'damage',
  'client',
] as const
export type FaultFamily = (typeof faultFamilies)[number]

/**
 * A server: by name, or the one that leads or follows when the fault strikes, or that the moment is about; else the one
 * that is named.
 */
export interface Victim {
  readonly name: string
  readonly role: 'any' | 'leader' | 'follower' | 'subject'
}

export type Fault =
  | { readonly do: 'crash' | 'power' | 'pause'; readonly victim: Victim }
  /** All servers at once; they come back one after the other. */
  | { readonly do: 'power-all'; readonly delaysUs: readonly number[] }
  /** From the other servers, and perhaps from its clients. */
  | { readonly do: 'isolate'; readonly victim: Victim; readonly clientsToo: boolean }
  /** A server that falls behind the others is soon the only one that a client can reach. */
  | { readonly do: 'lag'; readonly victim: Victim; readonly client: string; readonly thenUs: number }
  /** Between some servers (and clients) and the others. */
  | { readonly do: 'partition'; readonly side: readonly string[] }
  | { readonly do: 'one-way'; readonly victim: Victim; readonly peer: string; readonly outward: boolean }
  | { readonly do: 'reset'; readonly victim: Victim; readonly peer: string }
  | { readonly do: 'slow-link'; readonly victim: Victim; readonly peer: string; readonly upToUs: number }
  | { readonly do: 'clock'; readonly machine: string; readonly jumpUs: number; readonly driftPpm: number }
  | { readonly do: 'slow-disk'; readonly victim: Victim; readonly perOperationUs: number }
  | { readonly do: 'full-disk'; readonly victim: Victim; readonly freeBytes: number }
  /** Cannot read one of its files, and starts again meanwhile. */
  | { readonly do: 'unreadable'; readonly victim: Victim; readonly file: number }
  /** A bit of a file rots, or a write goes astray; then the server starts again, sooner or later. */
  | {
      readonly do: 'damage'
      readonly server: string
      readonly what: 'log' | 'snapshot' | 'write'
      readonly file: number
      readonly position: number
      readonly bit: number
    }
  | { readonly do: 'client-crash' | 'client-pause'; readonly client: string }
  | { readonly do: 'client-cut'; readonly client: string; readonly server: string }

interface Cast {
  readonly servers: readonly string[]
  readonly clients: readonly string[]
  readonly fragile: readonly string[]
}

const SECOND = 1_000_000

export function drawFault(random: RandomStream, family: FaultFamily, cast: Cast): Fault {
  const { servers, clients } = cast
  const everybody = [...servers, ...clients]
  const name = random.pick(servers, 'victim')
  const victim: Victim = {
    name,
    role: random.pick(['any', 'leader', 'leader', 'follower', 'subject'] as const, 'role'),
  }
  const peer = random.pick(
    everybody.filter((other) => other !== name),
    'peer',
  )
  switch (family) {
    case 'crash':
    case 'power':
    case 'pause':
      return { do: family, victim }
    case 'power-all':
      return { do: 'power-all', delaysUs: servers.map(() => random.intBelow(5 * SECOND, 'delay')) }
    case 'isolate':
      return { do: 'isolate', victim, clientsToo: random.chance(1, 2, 'clients too') }
    case 'lag':
      return {
        do: 'lag',
        victim: { name, role: 'follower' },
        client: random.pick(clients, 'client'),
        thenUs: random.intBetween(50_000, 1_500_000, 'then'),
      }
    case 'partition':
      return { do: 'partition', side: everybody.filter(() => random.chance(1, 2, 'side')) }
    case 'one-way':
      return { do: 'one-way', victim, peer, outward: random.chance(1, 2, 'outward') }
    case 'reset':
      return { do: 'reset', victim, peer }
    case 'slow-link':
      return { do: 'slow-link', victim, peer, upToUs: random.pick([100_000, 1_000_000, 4_000_000], 'latency') }
    case 'clock':
      return {
        do: 'clock',
        machine: random.pick(everybody, 'machine'),
        jumpUs: random.intBetween(-20, 20, 'jump') * SECOND,
        driftPpm: random.intBetween(-500, 500, 'drift'),
      }
    case 'slow-disk':
      return { do: 'slow-disk', victim, perOperationUs: random.pick([5_000, 50_000, 500_000], 'slow by') }
    case 'full-disk':
      return { do: 'full-disk', victim, freeBytes: random.intBelow(3000, 'free bytes') }
    case 'unreadable':
      return { do: 'unreadable', victim, file: random.intBelow(1000, 'file') }
    case 'damage':
      return {
        do: 'damage',
        server: random.pick(cast.fragile, 'fragile'),
        what: random.pick(['log', 'log', 'snapshot', 'write'] as const, 'what'),
        file: random.intBelow(1000, 'file'),
        position: random.intBelow(10_000, 'position'),
        bit: random.intBelow(8, 'bit'),
      }
    case 'client': {
      const client = random.pick(clients, 'client')
      switch (random.intBelow(3, 'trouble of a client')) {
        case 0:
          return { do: 'client-crash', client }
        case 1:
          return { do: 'client-pause', client }
        default:
          return { do: 'client-cut', client, server: name }
      }
    }
    default:
      return unreachable(family)
  }
}

const nothing = (): void => {}

/** Lets it happen; returns what undoes it. What does not apply at this moment does nothing. */
export function inflict(ensemble: ZabEnsemble, fault: Fault): () => void {
  const { world } = ensemble
  const { network } = world
  switch (fault.do) {
    case 'crash': {
      const machine = ensemble.victim(fault.victim)
      machine.crash()
      return () => ensemble.startAgain(machine)
    }
    case 'power': {
      const machine = ensemble.victim(fault.victim)
      machine.powerOff()
      return () => ensemble.startAgain(machine)
    }
    case 'power-all':
      for (const name of ensemble.servers) world.machine(name).powerOff()
      for (const [i, name] of ensemble.servers.entries()) {
        world.schedule(fault.delaysUs[i]!, 'power is back', () => ensemble.startAgain(world.machine(name)))
      }
      return nothing
    case 'pause': {
      const machine = ensemble.victim(fault.victim)
      machine.pause()
      return () => machine.resume()
    }
    case 'isolate': {
      const { name } = ensemble.victim(fault.victim)
      return cutApart(ensemble, [name], fault.clientsToo ? ensemble.everybody : ensemble.servers)
    }
    case 'lag':
      return leaveBehind(ensemble, ensemble.victim(fault.victim).name, fault)
    case 'partition':
      return cutApart(ensemble, fault.side, ensemble.everybody)
    case 'one-way': {
      const { name } = ensemble.victim(fault.victim)
      const [from, to] = fault.outward ? [name, fault.peer] : [fault.peer, name]
      network.cut(from, to)
      return () => network.heal(from, to)
    }
    case 'reset':
      network.reset(ensemble.victim(fault.victim).name, fault.peer)
      return nothing
    case 'slow-link': {
      const { name } = ensemble.victim(fault.victim)
      if (name === fault.peer) return nothing
      network.setLatency(name, fault.peer, { low: 1000, high: fault.upToUs })
      return () => network.setLatency(name, fault.peer, undefined)
    }
    case 'clock':
      world.machine(fault.machine).setClock(fault)
      return nothing
    case 'slow-disk': {
      const { disk } = ensemble.victim(fault.victim)
      disk.slowDown(fault.perOperationUs)
      return () => disk.slowDown(0)
    }
    case 'full-disk': {
      const machine = ensemble.victim(fault.victim)
      machine.disk.fillUp(fault.freeBytes)
      return () => {
        machine.disk.fillUp(undefined)
        ensemble.startAgain(machine)
      }
    }
    case 'unreadable':
      return makeUnreadable(ensemble, ensemble.victim(fault.victim), fault.file)
    case 'damage':
      damage(ensemble, fault)
      return () => ensemble.startAgain(world.machine(fault.server))
    case 'client-crash': {
      const machine = world.machine(fault.client)
      machine.crash()
      return () => ensemble.startAgain(machine)
    }
    case 'client-pause': {
      const machine = world.machine(fault.client)
      machine.pause()
      return () => machine.resume()
    }
    case 'client-cut':
      return cutApart(ensemble, [fault.client], [fault.server])
    default:
      return unreachable(fault)
  }
}

function cutApart(ensemble: ZabEnsemble, side: readonly string[], others: readonly string[]): () => void {
  const { network } = ensemble.world
  const pairs: Array<[string, string]> = []
  for (const one of side) {
    for (const other of others) if (!side.includes(other)) pairs.push([one, other], [other, one])
  }
  for (const [from, to] of pairs) network.cut(from, to)
  return () => {
    for (const [from, to] of pairs) network.heal(from, to)
  }
}

function leaveBehind(
  ensemble: ZabEnsemble,
  server: string,
  { client, thenUs }: Extract<Fault, { do: 'lag' }>,
): () => void {
  const { world } = ensemble
  const others = ensemble.servers.filter((other) => other !== server)
  const rejoin = cutApart(ensemble, [server], others)
  let reachAgain = nothing
  const then = world.schedule(thenUs, 'lag', () => {
    for (const other of others) world.network.reset(client, other)
    reachAgain = cutApart(ensemble, [client], others)
  })
  return () => {
    then.cancel()
    reachAgain()
    rejoin()
  }
}

function makeUnreadable(ensemble: ZabEnsemble, machine: Machine, file: number): () => void {
  const path = pickFile(machine, file, () => true)
  if (path === undefined) return nothing
  machine.disk.failReads(path)
  if (machine.state === 'running') machine.restart()
  return () => {
    machine.disk.failReads(undefined)
    ensemble.startAgain(machine)
  }
}

function damage(ensemble: ZabEnsemble, fault: Extract<Fault, { do: 'damage' }>): void {
  const machine = ensemble.world.machine(fault.server)
  if (fault.what === 'write') {
    machine.disk.misdirectNextWrite()
    return
  }
  const path = pickFile(machine, fault.file, (name) => name.startsWith(fault.what))
  const size = path === undefined ? 0 : machine.disk.status(path)!.size
  if (path === undefined || size === 0) return
  machine.disk.corruptBit(path, Math.floor((fault.position / 10_000) * size), fault.bit)
  if (machine.state === 'running') machine.crash()
}

function pickFile(machine: Machine, file: number, which: (name: string) => boolean): string | undefined {
  const { disk } = machine
  if (disk.status('version-2') === undefined) return undefined
  const names = disk.list('version-2').filter(which)
  return names.length === 0 ? undefined : `version-2/${names[file % names.length]!}`
}
