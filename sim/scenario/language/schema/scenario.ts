/** The whole file. */
import * as z from 'zod'
import { presetNames, promises } from '../vocabulary.ts'
import { clientSchema, clusterSchema, localTextSchema, topicSchema } from './cluster.ts'
import { conditionSchema } from './conditions.ts'
import { choice, count, format, list, named, object, oneOrMany, statement, whole, words, yesNo } from './elements.ts'
import { figureSchemas } from './figures.ts'
import { stepSchema } from './steps.ts'

/** The version of the language that this parser reads. */
export const LANGUAGE_VERSION = 1

/** An item that is a list itself asks for all of it at once. */
const conditions = (help: string) =>
  list(oneOrMany(conditionSchema, 'condition'), 'a list of conditions').optional().describe(help)

/** How many messages, or which ones. */
const messagesAsked = () =>
  z.union([count(), list(words(), 'a list of messages')], { error: () => 'format:count' }).optional()

export const expectSchema = object(
  'expect',
  'a mapping of verdict, messages, applications, order, promises, state, sometimes, never, unavailable, producers, backlogs, readers',
  {
    verdict: localTextSchema
      .optional()
      .describe(
        'What was lost, repeated or reordered, and why that was permitted, in one sentence: told at the end of a run in which everything expected here came true.',
      ),
    messages: z
      .record(
        z.string(),
        object(
          'message expectation',
          'facts about a message: acked, copies, lost, committed, gaveUp, dropped, lostInQueue, read, processed',
          {
            acked: yesNo().optional().describe('Was it acknowledged to its producer?'),
            copies: count().optional().describe('Copies in the log at the end: a retry may add one.'),
            lost: count().optional().describe('Appends that were cut off and are in no log any more.'),
            committed: yesNo().optional().describe('Was a copy ever below the high watermark of a leader?'),
            gaveUp: yesNo().optional().describe('Did its producer use up its attempts?'),
            dropped: yesNo().optional().describe('Did the full queue of an async producer refuse it?'),
            lostInQueue: yesNo().optional().describe('Did it die, unsent, with an async producer?'),
            read: count().optional().describe('Times that any consumer read it.'),
            processed: count().optional().describe('Times that applications of all groups processed it.'),
          },
        ).meta({ id: 'messageExpectation' }),
        { error: () => 'record:a mapping from messages to facts about them' },
      )
      .optional()
      .describe('What becomes of single messages. Fields that are absent are not asked for.'),
    applications: named(
      'name',
      object('application expectation', 'a mapping of lost, repeated, processed', {
        lost: messagesAsked().describe(
          'Messages that the group has committed its way past and none of its applications has processed: how many, or which.',
        ),
        repeated: messagesAsked().describe('Messages that they have processed more than once: how many, or which.'),
        processed: count().optional().describe('Messages that they have processed, each counted once.'),
      }).meta({ id: 'applicationExpectation' }),
      'a mapping from groups to what is expected of their applications',
    )
      .optional()
      .describe('What the applications of each group have made of the messages, by their own books.'),
    order: named('partition', list(words(), 'a list of messages'), 'a mapping from partitions to lists of messages')
      .optional()
      .describe('Messages of a partition at the end, in log order; `…` (or `...`) stands for whatever lies between.'),
    promises: object('promises', 'a mapping of broken', {
      broken: list(choice('promise', promises), 'a list of promises').describe(
        'Names of the promises that must be broken; all others must hold.',
      ),
    })
      .optional()
      .describe('What Kafka promises, and which of it this story breaks.'),
    state: conditions('True at the end. Here and below an item may be a list: all of it at once.'),
    sometimes: conditions('True at some time.'),
    never: conditions('True at no time.'),
    unavailable: list(
      object('unavailability', 'a mapping of partition, operation, lasts, atEnd', {
        partition: format('partition').describe('The partition.'),
        operation: choice('operation', ['write', 'read'] as const).describe('What clients could not do.'),
        lasts: format('durationMatch')
          .optional()
          .describe('From the first refused or timed-out operation to the first that succeeds: `">= 5s"`, `5s..8s`.'),
        atEnd: yesNo().optional().describe('Is it still unavailable at the end?'),
      }).meta({ id: 'unavailability' }),
      'a list of mappings with partition, operation, lasts',
    )
      .optional()
      .describe('How long a partition could not be written or read.'),
    ...figureSchemas,
  },
  { planned: 'expect' },
)

export const scenarioSchema = object(
  'scenario',
  'a scenario',
  {
    scenario: z.literal(LANGUAGE_VERSION).describe('Version of this language: 1.'),
    title: localTextSchema.optional().describe('What the story is, in a sentence. Default: the name of the file.'),
    shows: list(statement(), 'a list of statement numbers')
      .optional()
      .describe('Numbers of the statements of the notes that it shows, as written there: `[6.22, 6.23]`.'),
    protocol: choice('protocol', presetNames).optional().describe('Which release behaved so. Default "0.8.2".'),
    seed: whole(0).optional().describe('Chance is drawn from it. Default 1.'),
    ends: format('duration').optional().describe('Virtual time at which the run ends. Default 60s.'),
    tell: list(
      choice('tell', ['broadcast', 'segments', 'producers', 'backlogs'] as const),
      'a list of details, like [broadcast]',
    )
      .optional()
      .describe(
        'What is told beside what is always told. `broadcast`: each write of ZooKeeper with its proposal, acknowledgements and commit. `segments`: each segment that a log begins. `producers`: at the end, a table of how much of what each producer was handed was acknowledged, and how soon. `backlogs`: at the end, what each group had not processed yet, plotted against time.',
      ),
    cluster: clusterSchema.optional().describe('Servers and network.'),
    topics: named('topic', topicSchema, 'a mapping from topics to what they are like')
      .optional()
      .describe('Topics that exist when the story begins, by name.'),
    clients: named('name', clientSchema, 'a mapping from clients to what they are')
      .optional()
      .describe('Producers and consumers, by name.'),
    steps: list(stepSchema, 'a list of steps').optional().describe('What happens, in order.'),
    expect: expectSchema.optional().describe('What must come of it.'),
  },
  { planned: 'scenario' },
).meta({
  title: 'kafka-trial scenario',
  description: 'A story of a Kafka cluster, played on a virtual clock and judged.',
})

export type ScenarioInput = z.infer<typeof scenarioSchema>
