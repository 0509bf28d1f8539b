/**
 * Expiry of a ZooKeeper session, made the way it happens: the servers stop hearing a client until its session timeout is
 * over. The links between the machine and the ensemble are cut until the trace says that the session has ended, and then
 * healed, so that the client finds out. Links that were cut before are left as they were.
 */
import type { SystemEvent } from '../../src/events.ts'
import type { TraceRecord, World } from '../kernel/index.ts'
import { applied, type FaultOutcome, notApplied } from './outcome.ts'

/**
 * @param sessions ids of the machine's living sessions
 * @param ensemble machines of the ZooKeeper servers
 */
export function expireSession(
  world: World,
  machine: string,
  sessions: readonly string[],
  ensemble: readonly string[],
): FaultOutcome {
  if (sessions.length === 0) return notApplied(`${machine} has no ZooKeeper session`)
  const waitingFor = new Set(sessions)
  const cuts: Array<readonly [from: string, to: string]> = []
  for (const server of ensemble) {
    for (const [from, to] of [
      [machine, server],
      [server, machine],
    ] as const) {
      if (!world.network.isCut(from, to)) cuts.push([from, to])
    }
  }
  for (const [from, to] of cuts) world.network.cut(from, to)
  const unsubscribe = world.trace.subscribe((record) => {
    const event = record.event as SystemEvent
    if (event.kind !== 'ZkSessionClosed') return
    if (!waitingFor.delete(event.session) || waitingFor.size > 0) return
    unsubscribe()
    world.schedule(0, `session of ${machine} expired`, () => {
      for (const [from, to] of cuts) world.network.heal(from, to)
    })
  })
  return applied
}

/** Which sessions live, by the machine of their client: folded from the trace. */
export class SessionTracker {
  private readonly owners = new Map<string, string>()

  apply(record: TraceRecord): void {
    const event = record.event as SystemEvent
    if (event.kind === 'ZkSessionCreated') this.owners.set(event.session, event.owner)
    else if (event.kind === 'ZkSessionClosed') this.owners.delete(event.session)
  }

  /** In the order in which they were opened. */
  of(machine: string): readonly string[] {
    return [...this.owners].filter(([, owner]) => owner === machine).map(([session]) => session)
  }
}
