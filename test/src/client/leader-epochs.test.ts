// A consumer that has read what a new leader does not have (F15, KIP-320; M15): it is told so since 2.3.
import { describe, expect, test } from 'vitest'
import type { PresetName } from '../../../src/versions.ts'
import { ClusterHarness, consumer, partitionState, topic } from '../broker/cluster-harness.ts'

const becomes = (leader: number, leaderEpoch: number, isr: number[]) => ({
  partitionStates: [partitionState({ leader, leaderEpoch, isr })],
})

/** All brokers hear who leads, as from a controller. */
function tell(harness: ClusterHarness, states: ReturnType<typeof becomes>): void {
  const liveBrokers = [1, 2, 3].map((id) => ({ id, host: `b${id}`, port: 9092 }))
  const controller = { clientId: 'probe', controllerId: 9, controllerEpoch: 1000 }
  for (const broker of ['b1', 'b2', 'b3']) {
    harness.answer(broker, { api: 'UpdateMetadata', correlationId: 1, ...controller, ...states, liveBrokers })
  }
}

/** The reader reads m1 and m2 from b1; then b2, which never had m2, leads, and has x2 and x3 behind m1. */
function undone(protocol: PresetName): string[] {
  const harness = ClusterHarness.ready({
    plan: {
      protocol,
      topics: [topic({ config: { 'unclean.leader.election.enable': true } })],
      clients: [consumer('c')],
    },
  })
  harness.produce('b1', ['m1'], -1)
  harness.until('b2 knows', () => harness.replica('b2').hw === 1)
  harness.holdFetches('b1', 'b2', 'b3')
  // b1 leads alone, as far as it knows: m2 is committed.
  harness.leaderAndIsr('b1', becomes(1, 5, [1]))
  tell(harness, becomes(1, 5, [1]))
  harness.produce('b1', ['m2'], 1)
  const read = (): string[] =>
    harness.seen('MessagesRead').flatMap((event) => event.messages.map(({ value }) => value ?? ''))
  harness.until('m2 is read', () => read().includes('m2'))
  harness.leaderAndIsr('b2', becomes(2, 6, [2]))
  harness.produce('b2', ['x2', 'x3'], 1)
  tell(harness, becomes(2, 6, [2]))
  harness.leaderAndIsr('b1', becomes(2, 6, [2]))
  harness.until('x3 is read', () => read().includes('x3'))
  return read()
}

describe('a consumer whose position a new leader has written anew', () => {
  test('goes on from it up to 2.2, and never sees what stands before (M15)', () => {
    expect(undone('2.1')).toEqual(['m1', 'm2', 'x3'])
  })

  test('asks the new leader where its epoch ends, from 2.3 on, and goes on from there', () => {
    expect(undone('2.4')).toEqual(['m1', 'm2', 'x2', 'x3'])
    expect(undone('4.1')).toEqual(['m1', 'm2', 'x2', 'x3'])
  })
})
