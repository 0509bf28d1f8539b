/**
 * What the sticky assignor has moved so far (`StickyAssignor.PartitionMovements`): a partition of a topic that would go from
 * one member to another while a second one of the same topic went the other way stays, and the second one goes back.
 */
import { javaHashOrder, javaStringHash } from '../../protocol/index.ts'
import type { Slot } from './sticky.ts'

interface Movement {
  readonly from: string
  readonly to: string
}

export class PartitionMovements {
  private readonly of = new Map<Slot, Movement>()

  moved(slot: Slot, from: string, to: string): void {
    const earlier = this.of.get(slot)
    this.of.delete(slot)
    if (earlier === undefined) this.of.set(slot, { from, to })
    else if (earlier.from !== to) this.of.set(slot, { from: earlier.from, to })
  }

  /** @param from who has the partition that is to go to `to` */
  partitionToMove(slot: Slot, from: string, to: string): Slot {
    const origin = this.of.get(slot)?.from ?? from
    const opposite = [...this.of].filter(
      ([other, movement]) => other.topic === slot.topic && movement.from === to && movement.to === origin,
    )
    const [first] = javaHashOrder(
      opposite.map(([other]) => other),
      ({ topic, partition }) => (Math.imul(31, 31 + partition) + javaStringHash(topic)) | 0,
    )
    return first ?? slot
  }
}
