/** Expectations on figures of a whole run: of producers, of backlogs, of the order in which consumers read. */
import { count, format, named, object } from './elements.ts'

const duration = () => format('durationMatch').optional()

export const figureSchemas = {
  producers: named(
    'name',
    object('producer expectation', 'a mapping of share, inTime, lost, median, p99, longest', {
      share: count().optional().describe('Percent of the messages handed over that were acknowledged, rounded down.'),
      inTime: count()
        .optional()
        .describe('Percent of the messages handed over that were acknowledged within a second.'),
      lost: count().optional().describe('Messages that were acknowledged and are in no log any more.'),
      median: duration().describe(
        'Half of the acknowledged messages took no longer than this, from handing over to the acknowledgement.',
      ),
      p99: duration().describe('99 of 100 took no longer than this.'),
      longest: duration().describe('None took longer than this.'),
    }).meta({ id: 'producerExpectation' }),
    'a mapping from producers to what is expected of their figures',
  )
    .optional()
    .describe('Figures of producers. `tell: [producers]` shows them.'),
  backlogs: named(
    'name',
    object('backlog expectation', 'a mapping of peak, drained, left', {
      peak: count().optional().describe('Most messages that waited at a time.'),
      drained: duration().describe('Time from the last moment of the peak until nothing was left.'),
      left: count().optional().describe('Messages that still wait at the end.'),
    }).meta({ id: 'backlogExpectation' }),
    'a mapping from groups to what is expected of their backlogs',
  )
    .optional()
    .describe(
      'Backlogs of groups: messages that are committed and that nobody of the group has processed yet. `tell: [backlogs]` plots them.',
    ),
  readers: named(
    'name',
    object('reader expectation', 'a mapping of overtaken, overtakenElsewhere', {
      overtaken: count()
        .optional()
        .describe(
          'Messages that it read after one that the same producer was handed later, and that went to the same partition.',
        ),
      overtakenElsewhere: count()
        .optional()
        .describe('Messages that it read after one that the same producer was handed later, in another partition.'),
    }).meta({ id: 'readerExpectation' }),
    'a mapping from consumers to what is expected of the order in which they read',
  )
    .optional()
    .describe('In which order consumers got what producers sent. What is read again does not count.'),
} as const
