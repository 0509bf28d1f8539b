/** What operators ask of the controller meanwhile: topics are created, grow, move, are led by others, and deleted. */
import type { RandomStream } from '../../../src/host/index.ts'
import type { TopicPlan } from '../../scenario/plan.ts'
import { at, nowhere, SECOND, type Timed } from '../timed.ts'

const kinds = ['create', 'expand', 'reassign', 'prefer', 'delete'] as const

export interface RequestScene {
  readonly topics: readonly TopicPlan[]
  readonly brokers: number
  readonly endUs: number
}

export function randomRequests(streams: (name: string) => RandomStream, scene: RequestScene): Timed[] {
  const count = streams('fuzz/requests').intBetween(0, 8, 'requests')
  const timed: Timed[] = []
  for (let i = 0; i < count; i++) timed.push(request(streams(`fuzz/request-${i}`), i, scene))
  return timed
}

function request(random: RandomStream, index: number, { topics, brokers, endUs }: RequestScene): Timed {
  const us = random.intBetween(3 * SECOND, endUs - SECOND, 'when')
  const span = nowhere
  const topic = random.pick(topics, 'topic')
  const partition = random.intBelow(topic.partitions, 'partition')
  switch (random.pick(kinds, 'kind')) {
    case 'create':
      return at(us, {
        do: 'createTopic',
        span,
        topic: {
          name: `late-${index}`,
          partitions: random.intBetween(1, 3, 'partitions'),
          replicationFactor: random.intBetween(1, 3, 'replication factor'),
          config: {},
        },
      })
    case 'expand':
      return at(us, {
        do: 'addPartitions',
        span,
        topic: topic.name,
        to: topic.partitions + random.intBetween(1, 3, 'more'),
      })
    case 'reassign':
      return at(us, {
        do: 'reassign',
        span,
        partitions: [{ topic: topic.name, partition, replicas: someBrokers(random, brokers) }],
      })
    case 'prefer':
      return at(us, { do: 'electPreferred', span, partitions: [{ topic: topic.name, partition }] })
    case 'delete':
      return at(us, { do: 'deleteTopic', span, topic: topic.name })
  }
}

/** One to three of them, in a random order. */
function someBrokers(random: RandomStream, brokers: number): number[] {
  const left = Array.from({ length: brokers }, (_, i) => i + 1)
  const chosen: number[] = []
  for (let count = random.intBetween(1, 3, 'replicas'); count > 0; count--) {
    const index = random.intBelow(left.length, 'replica')
    chosen.push(...left.splice(index, 1))
  }
  return chosen
}
