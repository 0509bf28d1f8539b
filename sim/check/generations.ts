/**
 * Tells generations of coordinated groups apart. A number alone does not: a coordinator that lost the group's records
 * begins again at 1, and one that does not know that it was replaced counts on beside its successor.
 */
import type { SystemEvent } from '../../src/events.ts'

type GenerationStarted = Extract<SystemEvent, { readonly kind: 'GenerationStarted' }>

export class Generations {
  private started = 0
  /** By member id and number. */
  private readonly of = new Map<string, string>()

  apply({ generation, members }: GenerationStarted): void {
    this.started++
    for (const member of members) this.of.set(`${member} ${generation}`, `${generation}#${this.started}`)
  }

  /** The same for all members of one generation, and for nobody else. */
  identity(member: string, generation: number): string {
    return this.of.get(`${member} ${generation}`) ?? String(generation)
  }
}
