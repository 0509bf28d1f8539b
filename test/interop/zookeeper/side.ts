/** One of the two ZooKeepers under comparison, with clients that can be told what to do, one thing at a time. */
import type { StepObservation } from './observation.ts'
import type { ClientName, Request } from './step.ts'

/** Makes the sequence's root and looks at the tree at the end; the others act in between. */
export const OVERSEER = 'overseer'
export type AnyClient = ClientName | typeof OVERSEER

export interface Side {
  /** Creates the sequence's root, from whose transaction zxids are counted. */
  begin(root: string): Promise<void>
  /** A new session. */
  connect(client: AnyClient): Promise<void>
  ask(client: AnyClient, request: Request): Promise<void>
  /** The connection breaks; the session lives on. */
  drop(client: AnyClient): Promise<void>
  /** After `drop` or `expire`, with the same session. */
  reconnect(client: AnyClient): Promise<void>
  /** After `drop`: lets time pass until the session has expired, and no other. */
  expire(client: AnyClient): Promise<void>
  close(client: AnyClient): Promise<void>
  /** What arrived at each client since the last call, once nothing more is on its way. */
  observe(): Promise<StepObservation>
}

/** Gives sessions the names `c1#1`, `c1#2`, and finds them again by the ids that a server made. */
export class SessionNames<Id> {
  private readonly names = new Map<Id, string>()
  private readonly counts = new Map<string, number>()

  granted(client: string, id: Id): void {
    if (this.names.has(id)) return
    const count = (this.counts.get(client) ?? 0) + 1
    this.counts.set(client, count)
    this.names.set(id, `${client}#${count}`)
  }

  nameOf(id: Id): string {
    return this.names.get(id) ?? `unknown session ${String(id)}`
  }
}
