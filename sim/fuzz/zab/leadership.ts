/** Which servers lead and serve, as the trace tells it: more than one for a while, when one does not know better. */
import { promise } from './breach.ts'

export class Leadership {
  /** How often a server began or ceased to lead. */
  changes = 0
  private readonly leaders = new Set<string>()
  private readonly leaderOf = new Map<number, string>()
  private lastEpoch = 0

  get isContested(): boolean {
    return this.leaders.size > 1
  }

  /** Whether a machine is the latest leader, of this epoch. */
  leads(machine: string, epoch: number): boolean {
    return epoch === this.lastEpoch && this.leaderOf.get(epoch) === machine
  }

  began(machine: string, epoch: number): void {
    const other = this.leaderOf.get(epoch)
    promise(other === undefined, () => `epoch ${epoch} has the leaders ${other} and ${machine}`)
    this.leaderOf.set(epoch, machine)
    // One whose followers have gone on to a later epoch may not know it yet.
    this.lastEpoch = Math.max(this.lastEpoch, epoch)
    this.leaders.add(machine)
    this.changes += 1
  }

  ended(machine: string): void {
    if (this.leaders.delete(machine)) this.changes += 1
  }

  /** Only the leader of an epoch may propose in it. */
  proposed(machine: string, epoch: number): void {
    const leader = this.leaderOf.get(epoch)
    promise(leader === machine, () => `${machine} proposes in epoch ${epoch}, which ${leader ?? 'nobody'} leads`)
  }
}
