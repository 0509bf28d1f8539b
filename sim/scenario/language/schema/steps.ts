/** One step: a trigger, a caption, and what happens. */
import * as z from 'zod'
import { unsyncedFates } from '../../../kernel/index.ts'
import { createModes } from '../vocabulary.ts'
import { localTextSchema, newTopicSchema } from './cluster.ts'
import { conditionSchema } from './conditions.ts'
import { choice, format, list, marker, named, object, oneOrMany, whole, words, yesNo } from './elements.ts'

const targets = () => oneOrMany(format('target'), 'format:target')

const machinesAndAfter = {
  target: targets().describe('Whom it means.'),
  after: format('duration').optional().describe('How long after the step it happens.'),
}

const onMachines = (
  help: string,
  mapping: z.ZodType = object('machines', 'a mapping of target and after', machinesAndAfter),
) =>
  z
    .union([format('target'), z.array(format('target')).min(1, { error: () => 'empty' }), mapping], {
      error: () => 'format:target',
    })
    .optional()
    .describe(help)

const link = object('link', 'a mapping of from and to (one way), or of between (both ways)', {
  from: targets().optional().describe('Senders: what they send to `to` is meant, not what comes back.'),
  to: targets().optional().describe('Receivers.'),
  between: z
    .tuple([targets(), targets()], { error: () => 'list:two sides, like [b1, [b2, b3]]' })
    .optional()
    .describe('Two sides, both directions: `[b1, [b2, b3]]`.'),
}).meta({ id: 'link' })

const links = (help: string) => oneOrMany(link, 'object:link').optional().describe(help)
const linksOrAll = (help: string) =>
  z
    .union([z.literal('all'), link, z.array(link).min(1, { error: () => 'empty' })], { error: () => 'linkOrAll' })
    .optional()
    .describe(help)

const many = <T extends z.ZodType>(item: T, name: string, help: string) =>
  oneOrMany(item, `object:${name}`).optional().describe(help)

const writeShape = {
  create: format('path').optional().describe('Creates a node. Sequential ones get ten digits appended to the path.'),
  delete: format('path').optional().describe('Deletes a node.'),
  setData: format('path').optional().describe('Writes the data of a node.'),
  data: words().optional().describe('Data to write. Default: none.'),
  version: whole(0).optional().describe('Only if the node has this version. Default: any.'),
  mode: choice('mode', createModes).optional().describe('Of a node to create. Default `persistent`.'),
}

const triggerShape = {
  at: format('duration').optional().describe('Virtual time at which the step happens.'),
  after: format('duration').optional().describe('Time since the step before.'),
  when: oneOrMany(conditionSchema, 'condition')
    .optional()
    .describe('A condition, or a list: all of them must be true at once.'),
  on: object('on', 'a mapping of message, from, to, nth', {
    message: words().describe(
      'Kind of the message: `Produce`, `Fetch`, `FetchResponse`, `LeaderAndIsr` …; ZooKeeper’s begin with `Zk`.',
    ),
    from: format('target').optional().describe('Its sender.'),
    to: format('target').optional().describe('Its receiver.'),
    nth: whole(1).optional().describe('The nth of them since the step before. Default 1.'),
  })
    .optional()
    .describe('A message that is about to be delivered; `hold`, `drop` and `delay` act on it.'),
  within: format('duration')
    .optional()
    .describe(
      'With `when` or `on`: it must come within this time after the step before, or the run fails and says what it saw instead.',
    ),
}

const actionShape = {
  send: many(
    object('send', 'a mapping of by, to, message', {
      by: format('name').describe('The producer.'),
      to: format('destination').describe('Topic or partition.'),
      message: words().describe('Name of the message; it is also its value.'),
      key: words().optional().describe('Its key.'),
      broker: format('name').optional().describe('Send to this broker whoever leads; a follower refuses with error 6.'),
    }).meta({ id: 'send' }),
    'send',
    'A producer sends a message.',
  ),
  crash: onMachines('The process dies; the operating system lives, so what was written stays.'),
  powerOff: onMachines(
    'The machine loses power: of what was not synced to disk a drawn part is gone, and peers hear nothing.',
    object('powerOff', 'a mapping of target, after and unsynced', {
      ...machinesAndAfter,
      unsynced: choice('unsynced', unsyncedFates)
        .optional()
        .describe(
          'What becomes of writes that were not synced. `drawn` (the default): of each file a prefix of them survives, the next one perhaps torn at a sector of 512 bytes. `lost`: none survives. `torn`: all do but the last one of each file, which is torn.',
        ),
    }),
  ),
  pause: onMachines('The process stands still (a long garbage collection): sockets stay open, timers fire late.'),
  resume: onMachines('A paused process goes on.'),
  restart: onMachines('The process starts again, on a machine that is powered on if need be.'),
  shutdown: onMachines('The process ends in an orderly way (brokers: controlled shutdown).'),
  start: onMachines('A client that was stopped starts again.'),
  stop: onMachines('A client stops.'),
  cut: links('No bytes pass and no new connections come about, until healed.'),
  heal: linksOrAll('Undoes `cut`; `all` undoes every one.'),
  stall: links('Bytes wait in the link, until released.'),
  release: linksOrAll('Undoes `stall`: the bytes go on in their order; `all` undoes every one.'),
  reset: links('Every connection between the two breaks, on both sides.'),
  slowDisk: many(
    object('slowDisk', 'a mapping of target and perOperation', {
      target: targets().describe('Whose disk.'),
      perOperation: format('duration').describe('What each operation takes longer. `0ms` makes it fast again.'),
    }),
    'slowDisk',
    'Every operation of a disk takes longer.',
  ),
  fillDisk: many(
    object('fillDisk', 'a mapping of target and free', {
      target: targets().describe('Whose disk.'),
      free: format('size').describe('Space that is left.'),
    }),
    'fillDisk',
    'A disk has only so much space left.',
  ),
  corrupt: many(
    object('corrupt', 'a mapping of target, file, position and bit, or of in and offset', {
      target: targets().optional().describe('Whose disk.'),
      file: words().optional().describe('Path below the data directory: `orders-0/00000000000000000000.log`.'),
      position: whole(0).optional().describe('Byte, from 0.'),
      bit: whole(0, 7).optional().describe('Bit of it that flips, from 0. Default 0.'),
      in: format('replica').optional().describe('Instead of all these: broker and partition …'),
      offset: whole(0)
        .optional()
        .describe('… and an offset: the lowest bit of the last byte flips in the batch that holds it.'),
    }),
    'corrupt',
    'A bit of a file flips.',
  ),
  expireSession: targets().optional().describe('ZooKeeper ends the session of a broker.'),
  skewClock: many(
    object('skewClock', 'a mapping of target, jump, drift', {
      target: targets().describe('Whose clock.'),
      jump: format('signedDuration').optional().describe('How far it jumps.'),
      drift: format('drift').optional().describe('How much faster it runs from now on.'),
    }),
    'skewClock',
    'The clock of a machine jumps or drifts.',
  ),
  createTopic: many(newTopicSchema, 'createTopic', 'A topic is created while the cluster runs.'),
  addPartitions: many(
    object('addPartitions', 'a mapping of topic and to', {
      topic: format('topic').describe('The topic.'),
      to: whole(2, 1000).describe('How many partitions it shall have in all.'),
    }),
    'addPartitions',
    'The operator gives a topic more partitions.',
  ),
  deleteTopic: oneOrMany(format('topic'), 'format:topic')
    .optional()
    .describe('The operator deletes a topic; the brokers need `delete.topic.enable`.'),
  reassign: named(
    'partition',
    list(format('name'), 'a list of brokers'),
    'a mapping from partitions to lists of brokers',
  )
    .optional()
    .describe('The operator moves partitions to other brokers, the preferred leader first: `{ orders-0: [b4, b5] }`.'),
  electPreferred: oneOrMany(format('partition'), 'format:partition')
    .optional()
    .describe('The operator has the preferred replicas (the first ones assigned) of partitions elected as leaders.'),
  listFiles: oneOrMany(format('replica'), 'format:replica')
    .optional()
    .describe('Tells which files the folder of a partition holds on a broker, and what the offset indexes say.'),
  lookup: many(
    object('lookup', 'a mapping of offset and in', {
      offset: whole(0).describe('The offset.'),
      in: format('replica').describe('Broker and partition.'),
    }),
    'lookup',
    'Tells how an offset is found in the files of a replica: the segment by its name, the nearest index entry, the scan. `lookup` conditions ask for the outcome.',
  ),
  zk: many(
    object(
      'zk',
      'a mapping of by, one operation (create, delete, setData, getData, exists, getChildren, sync, multi, close), and what it needs',
      {
        by: format('name').describe('The client, one with `zookeeper: plain`.'),
        name: format('name')
          .optional()
          .describe(
            'Name of the operation, by which conditions ask for its answer. Default: the client, `-`, a number.',
          ),
        ...writeShape,
        getData: format('path').optional().describe('Reads the data of a node.'),
        exists: format('path').optional().describe('Asks whether a node is there.'),
        getChildren: format('path').optional().describe('Lists the names of the children of a node.'),
        watch: yesNo().optional().describe('With a read: sets a watch, which tells of the next change, once.'),
        sync: format('path').optional().describe('Has the server catch up with the leader.'),
        multi: list(
          object('multi', 'a mapping of create, delete, setData or check', {
            ...writeShape,
            check: format('path').optional().describe('Holds if the node has the `version`.'),
          }),
          'a list of operations',
        )
          .optional()
          .describe('Several operations, all or nothing.'),
        close: marker().optional().describe('Ends the session.'),
      },
    ).meta({ id: 'zk' }),
    'zk',
    'A client of ZooKeeper does one operation.',
  ),
  beginTransaction: oneOrMany(format('name'), 'format:name')
    .optional()
    .describe('A producer with a `transactional.id` begins a transaction.'),
  commitTransaction: oneOrMany(format('name'), 'format:name')
    .optional()
    .describe('It commits its transaction, when all that was sent is acknowledged; if that fails, it aborts it.'),
  abortTransaction: oneOrMany(format('name'), 'format:name').optional().describe('It aborts its transaction.'),
  commit: targets()
    .optional()
    .describe('High-level consumers commit the offsets of what they have handed out (`commitOffsets()`).'),
  enter: targets().optional().describe('Contenders begin to take part in their elections.'),
  resign: targets().optional().describe('Contenders give up their places in their elections.'),
  measure: format('name')
    .optional()
    .describe('From here on the work of ZooKeeper is counted, under this name: writes, refusals, watches fired.'),
  measured: format('name')
    .optional()
    .describe('Up to here. The counts are told, and `measure` conditions ask for them.'),
  delayNext: many(
    object('delayNext', 'a mapping of message, from and by', {
      message: words().describe('Kind of the message, as for `on`.'),
      from: format('target').describe('Its sender.'),
      by: format('duration').describe('How much later it comes.'),
    }),
    'delayNext',
    'The next message of a kind comes later than it should, and so does what follows it on its connection.',
  ),
  hold: marker()
    .optional()
    .describe('With `on`: the message, and what follows it on its connection, waits for `release`.'),
  drop: marker()
    .optional()
    .describe('With `on`: the message is swallowed and its connection breaks (TCP loses no single message).'),
  delay: format('duration').optional().describe('With `on`: the message comes so much later.'),
}

export const stepSchema = object(
  'step',
  'a step: a trigger (at, after, when, on), a caption, and what happens (send, crash, …)',
  {
    ...triggerShape,
    caption: localTextSchema
      .optional()
      .describe('What the teacher says at this moment: a text, or `{ en: …, zh: … }`.'),
    ...actionShape,
  },
  { planned: 'step' },
).meta({ id: 'step' })

export const triggerNames = ['at', 'after', 'when', 'on'] as const
export type ActionName = keyof typeof actionShape
export const actionNames = Object.keys(actionShape) as ActionName[]
export type StepInput = z.infer<typeof stepSchema>
