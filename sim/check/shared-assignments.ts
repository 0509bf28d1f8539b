/** Assignments of coordinated groups that give a partition to two members, as their own leaders have dealt them out. */
import type { SystemEvent } from '../../src/events.ts'
import type { ProtocolVersions } from '../../src/versions.ts'

type GroupAssigned = Extract<SystemEvent, { readonly kind: 'GroupAssigned' }>

export class SharedAssignments {
  private readonly shared = new Set<string>()

  apply({ group, generation, assignments }: GroupAssigned): void {
    const seen = new Set<string>()
    for (const member of Object.keys(assignments)) {
      for (const tp of assignments[member]!) {
        if (seen.has(tp)) this.shared.add(`${group} ${generation} ${tp}`).add(`${group} ${tp}`)
        seen.add(tp)
      }
    }
  }

  has(group: string, generation: number, tp: string): boolean {
    return this.shared.has(`${group} ${generation} ${tp}`)
  }

  /** In any generation. */
  hasAny(group: string, tp: string): boolean {
    return this.shared.has(`${group} ${tp}`)
  }
}

/** D31: nothing but the sticky assignor before KIP-341 does that. */
export const sharedExcuse = ({ stickyClaims }: ProtocolVersions): string | undefined =>
  stickyClaims === 'believed'
    ? 'D31, the sticky assignor leaves a partition to each member that says it had it, also to one whom the group went on without (KAFKA-7026, before 2.3)'
    : undefined
