import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sameEntry } from '../../../sim/check/entry.ts'
import type { PartitionTruth, ReplicaTruth } from '../../../sim/check/partition-truth.ts'
import { Story, TP } from './story.ts'

type Step =
  | { readonly do: 'append'; readonly broker: number; readonly name: string }
  | { readonly do: 'truncate'; readonly broker: number; readonly to: number }
  | { readonly do: 'advance'; readonly broker: number; readonly to: number }
  | { readonly do: 'elect'; readonly broker: number }
  | { readonly do: 'power loss'; readonly broker: number; readonly to: number }

const broker = fc.integer({ min: 1, max: 3 })
const offset = fc.integer({ min: 0, max: 8 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('append' as const), broker, name: fc.constantFrom('a', 'b', 'c') }),
  },
  fc.record({ do: fc.constant('truncate' as const), broker, to: offset }),
  { weight: 2, arbitrary: fc.record({ do: fc.constant('advance' as const), broker, to: offset }) },
  fc.record({ do: fc.constant('elect' as const), broker }),
  fc.record({ do: fc.constant('power loss' as const), broker, to: offset }),
)

/** Plays any steps, sensible or not, and calls `look` after each. */
function play(steps: readonly Step[], look: (partition: PartitionTruth) => void): void {
  const story = new Story().begin()
  const partition = story.checker.truth.partitionOf(TP)
  let epoch = 0
  for (const step of steps) {
    const machine = `b${step.broker}`
    const length = partition.replicas.get(step.broker)!.entries.length
    switch (step.do) {
      case 'append':
        story.append(machine, step.broker === partition.state!.leader ? 'leader' : 'follower', epoch, step.name)
        break
      case 'truncate':
        if (step.to <= length) story.truncate(machine, step.to)
        break
      case 'advance':
        story.highWatermark(machine, 'leader', epoch, 0, Math.min(step.to, length))
        break
      case 'elect':
        epoch++
        story.state(step.broker, epoch, [step.broker]).leader(machine, epoch, [step.broker])
        break
      case 'power loss':
        story.powerLoss(machine).load(machine, Math.min(step.to, length))
        break
    }
    look(partition)
  }
}

const disagreement = (partition: PartitionTruth, replica: ReplicaTruth): number => {
  const found = partition.committed.findIndex(
    (entry, i) => i >= replica.entries.length || !sameEntry(replica.entries[i], entry),
  )
  return found < 0 ? partition.committed.length : found
}

describe('the truth of a partition', () => {
  it('remembers how far each replica agrees with what was committed as a full comparison finds it', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        play(steps, (partition) => {
          for (const replica of partition.replicas.values()) {
            expect(partition.agreement(replica)).toBe(disagreement(partition, replica))
          }
        })
      }),
    )
  })

  it('never lets the highest true watermark fall', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let highest = 0
        play(steps, (partition) => {
          expect(partition.highestCommitted).toBeGreaterThanOrEqual(highest)
          expect(partition.highestCommitted).toBeGreaterThanOrEqual(partition.trueHighWatermark)
          expect(partition.committedSeq).toHaveLength(partition.committed.length)
          highest = partition.highestCommitted
        })
      }),
    )
  })
})
