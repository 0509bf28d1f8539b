/**
 * In which life of its group a member was taken in. A release that forgets a group as soon as it is empty (0.9, 0.10.0)
 * counts the generations of the next one of that name from 1 again, so that a number alone does not tell which
 * generation is meant: a member that has stood still since an earlier life may hold the same number.
 */
import type { SystemEvent } from '../../src/events.ts'

type Event = Extract<SystemEvent, { readonly kind: 'GenerationStarted' | 'GroupEmptied' }>

export class GroupLives {
  static readonly kinds = ['GenerationStarted', 'GroupEmptied'] as const
  /** By group: how often it was empty. */
  private readonly ended = new Map<string, number>()
  /** By the id that the coordinator gave a member; ids are given once. */
  private readonly lives = new Map<string, number>()

  apply(event: Event): void {
    const ended = this.ended.get(event.group) ?? 0
    if (event.kind === 'GroupEmptied') this.ended.set(event.group, ended + 1)
    else for (const member of event.members) this.lives.set(member, ended)
  }

  /** Counted from 0. */
  of(member: string): number {
    return this.lives.get(member) ?? 0
  }
}
