/**
 * Conditions on the cluster: each names what it looks at, then fields with a value, a range or a comparison. They see
 * what is true, not what a broker believes; `believes` looks through a broker's eyes.
 */
import * as z from 'zod'
import { transactionStates } from '../../../../src/protocol/index.ts'
import { eventKinds, fateHelp, fates, watchEvents, zkErrors } from '../vocabulary.ts'
import { choice, count, format, list, object, whole, words, yesNo } from './elements.ts'

const planned = { planned: 'condition' } as const

const believes = () =>
  format('name')
    .optional()
    .describe(
      'Whose eyes to look through: what this broker (for a leader also a client) holds to be true, rather than what is.',
    )
const epoch = () => count().optional().describe('Its epoch.')

const conditionSchemas = {
  replica: object(
    'replica condition',
    'a condition on a replica: replica, leo, hw, role, truncatedTo, starts, segments, records',
    {
      replica: format('replica').describe('Broker and partition.'),
      leo: count().optional().describe('Log end offset.'),
      hw: count().optional().describe('High watermark as this replica knows it.'),
      role: choice('role', ['leader', 'follower', 'none'] as const)
        .optional()
        .describe('What the broker does for the partition.'),
      truncatedTo: count().optional().describe('Offset that its last truncation cut back to.'),
      starts: count().optional().describe('Log start offset: what retention deleted lies below.'),
      segments: count().optional().describe('Number of its segments, the active one among them.'),
      records: count().optional().describe('Number of records that are there: compaction leaves gaps in the offsets.'),
    },
    planned,
  ).describe('A replica on its broker.'),
  key: object(
    'key condition',
    'a condition on a key: key, in, value, offset, records',
    {
      key: words().describe('The key, as `send` gave it.'),
      in: format('replica').describe('Broker and partition.'),
      value: words().optional().describe('Name of the last message with the key; `none`: there is no such message.'),
      offset: count().optional().describe('Offset of that message.'),
      records: count().optional().describe('Number of messages with the key.'),
    },
    planned,
  ).describe("What a replica's log holds of one key."),
  lookup: object(
    'lookup condition',
    'a condition on a lookup: lookup, in, segment, relative, entry, byte, scanned, value, crc',
    {
      lookup: whole(0).describe('The offset, as `lookup` gave it.'),
      in: format('replica').describe('Broker and partition.'),
      segment: count().optional().describe('Base offset of the segment that it is in.'),
      relative: count().optional().describe('The offset counted from that base.'),
      entry: count().optional().describe('Relative offset of the index entry that the scan begins at.'),
      byte: count().optional().describe('Byte of the log file that the scan begins at.'),
      scanned: count().optional().describe('Bytes of the log file that are looked at, up to the end of what is found.'),
      value: words().optional().describe('Name of the message found; `none`: none can be read.'),
      crc: choice('crc', ['right', 'wrong'] as const)
        .optional()
        .describe('Whether the CRC of the batch found fits its bytes.'),
    },
    planned,
  ).describe('What the last `lookup` of an offset in a replica came to.'),
  leader: object(
    'leader condition',
    'a condition on a leader: leader, is, epoch, believes',
    {
      leader: format('partition').describe('The partition.'),
      is: format('name').optional().describe('The broker. Absent: any.'),
      epoch: epoch(),
      believes: believes(),
    },
    planned,
  ).describe('A partition has a leader: the one that ZooKeeper holds, once it acts as such.'),
  isr: object(
    'isr condition',
    'a condition on an ISR: isr, is, size, believes',
    {
      isr: format('partition').describe('The partition.'),
      is: list(format('name'), 'a list of brokers').optional().describe('Exactly these brokers, in any order.'),
      size: count().optional().describe('Number of members.'),
      believes: believes(),
    },
    planned,
  ).describe('The in-sync replicas as ZooKeeper holds them.'),
  controller: object(
    'controller condition',
    'a condition on the controller: controller, epoch',
    { controller: format('name').describe('A broker, or `any`.'), epoch: epoch() },
    planned,
  ).describe('The controller.'),
  'zk-leader': object(
    'zk-leader condition',
    'a condition on the leader of ZooKeeper: zk-leader, epoch',
    { 'zk-leader': format('name').describe('A ZooKeeper server, or `any`.'), epoch: epoch() },
    planned,
  ).describe('The leader of the ZooKeeper ensemble.'),
  session: object(
    'session condition',
    'a condition on a ZooKeeper session: session, is, connected',
    {
      session: format('name').describe('The broker or ZooKeeper client whose session it is.'),
      is: choice('session state', ['alive', 'expired'] as const)
        .optional()
        .describe('`expired`: ended by ZooKeeper and not replaced yet.'),
      connected: yesNo().optional().describe('Whether its machine has a connection to a server, as far as it knows.'),
    },
    planned,
  ).describe('A ZooKeeper session.'),
  message: object(
    'message condition',
    'a condition on a message: message, is',
    {
      message: words().describe('Its name, as `send` gave it.'),
      is: choice(
        'fate',
        fates as unknown as readonly [
          'sent',
          'appended',
          'replicated',
          'committed',
          'acked',
          'read',
          'lost',
          'gave-up',
        ],
      ).describe(`What has become of it. ${fateHelp}.`),
    },
    planned,
  ).describe('The fate of a message.'),
  znode: object(
    'znode condition',
    'a condition on a znode: znode, exists, version, data',
    {
      znode: format('path').describe('Its path.'),
      exists: yesNo().optional().describe('Whether it is there.'),
      version: count().optional().describe('Version of its data.'),
      data: words().optional().describe('Its data.'),
    },
    planned,
  ).describe('A node of the ZooKeeper tree, as committed.'),
  checkpoint: object(
    'checkpoint condition',
    'a condition on a checkpoint: checkpoint, hw',
    {
      checkpoint: format('replica').describe('Broker and partition.'),
      hw: count().describe('High watermark in the file `replication-offset-checkpoint`.'),
    },
    planned,
  ).describe('The high watermark that a broker has written to disk.'),
  machine: object(
    'machine condition',
    'a condition on a machine: machine, is',
    {
      machine: format('name').describe('Broker, ZooKeeper server or client.'),
      is: choice('machine state', ['running', 'stopped', 'off', 'paused'] as const).describe('Its state.'),
    },
    planned,
  ).describe('A machine and the process on it.'),
  client: object(
    'client condition',
    'a condition on a client: client, read, acked, gaveUp, queued, dropped, lostInQueue, processed, partitions, rebalances, failedRebalances, accepted, refused, stale',
    {
      client: format('name').describe('Its name.'),
      read: count().optional().describe('Messages that it has read.'),
      acked: count().optional().describe('Messages acknowledged to it.'),
      gaveUp: count().optional().describe('Messages that it has given up.'),
      queued: count().optional().describe('Async producers: messages that wait to be sent.'),
      dropped: count().optional().describe('Async producers: messages that a full queue refused.'),
      lostInQueue: count().optional().describe('Async producers: messages that died with the process, unsent.'),
      processed: count()
        .optional()
        .describe('Consumers of coordinated groups: messages that its application has done.'),
      partitions: count().optional().describe('Consumers in groups: partitions that it takes for its own.'),
      rebalances: count().optional().describe('High-level consumers: attempts at a rebalance.'),
      failedRebalances: count().optional().describe('High-level consumers: attempts that failed.'),
      accepted: count().optional().describe('Resources: writes taken.'),
      refused: count().optional().describe('Resources: writes refused, since a later leader had written.'),
      stale: count().optional().describe('Resources: writes taken although a later leader had written.'),
    },
    planned,
  ).describe('Counts of a client.'),
  owner: object(
    'owner condition',
    'a condition on a partition in a group: owner, group, is, believers, committed',
    {
      owner: format('partition').describe('The partition.'),
      group: format('name').describe('The group.'),
      is: format('name')
        .optional()
        .describe(
          'The consumer that the coordinator has it down for, or whose owner node stands in ZooKeeper; or `none`.',
        ),
      believers: count()
        .optional()
        .describe(
          'How many consumers of the group take the partition for their own, whatever the coordinator or ZooKeeper says.',
        ),
      committed: count().optional().describe('Next offset to read, as last committed.'),
    },
    planned,
  ).describe('Who owns a partition in a group that forms through ZooKeeper.'),
  transaction: object(
    'transaction condition',
    'a condition on a transaction: transaction, is, epoch, coordinator',
    {
      transaction: words().describe('The transactional id.'),
      is: choice('transaction state', transactionStates)
        .optional()
        .describe('What stands in the log of its coordinator: `Ongoing`, `PrepareCommit`, `CompleteCommit` …'),
      epoch: count().optional().describe('The epoch of its producer.'),
      coordinator: format('name').optional().describe('The broker that wrote it down last.'),
    },
    planned,
  ).describe('A transactional id and its present transaction.'),
  group: object(
    'group condition',
    'a condition on a group: group, is, generation, members, coordinator, rebalances',
    {
      group: format('name').describe('The group.'),
      is: choice('group state', ['empty', 'rebalancing', 'assigning', 'stable'] as const)
        .optional()
        .describe('What its coordinator is about.'),
      generation: count().optional().describe('The generation that it has come to.'),
      members: z
        .union([count(), list(format('name'), 'a list of consumers')], { error: () => 'format:count' })
        .optional()
        .describe('Its members, or how many they are.'),
      coordinator: format('name').optional().describe('The broker that coordinates it.'),
      rebalances: count().optional().describe('Rebalances begun so far.'),
    },
    planned,
  ).describe('A consumer group.'),
  operation: object(
    'operation condition',
    'a condition on an operation: operation, is, data, version, children, path',
    {
      operation: format('name').describe('Its name, as `zk` gave it.'),
      is: choice('answer', ['pending', 'answered', ...zkErrors] as const)
        .optional()
        .describe("How it ended: ZooKeeper's name of the error; `answered`: in any way; `pending`: not yet."),
      data: words().optional().describe('Data that `getData` read.'),
      version: count().optional().describe('Version of the data.'),
      children: list(words(), 'a list of names').optional().describe('Names that `getChildren` read, in any order.'),
      path: format('path').optional().describe('Path that `create` made.'),
    },
    planned,
  ).describe('An operation of a ZooKeeper client and its answer.'),
  notified: object(
    'notified condition',
    'a condition on watch events: notified, event, path, times',
    {
      notified: format('name').describe('The client, one with `zookeeper: plain`.'),
      event: choice('watch event', watchEvents).optional().describe('Only events of this kind.'),
      path: format('path').optional().describe('Only events of this node.'),
      times: count().optional().describe('How many of them have reached the client. Default ">= 1".'),
    },
    planned,
  ).describe('Watch events that a ZooKeeper client was told.'),
  elected: object(
    'elected condition',
    'a condition on an election: elected, is, terms, woken, believers',
    {
      elected: format('path').describe('The election, by its path.'),
      is: format('name')
        .optional()
        .describe('The contender whose node leads, once it knows; `none`: nobody. Absent: any.'),
      terms: count().optional().describe('Leaders elected so far.'),
      woken: count().optional().describe('Contenders that woke up since a node of the election last went: the herd.'),
      believers: count().optional().describe('Contenders that believe that they lead.'),
    },
    planned,
  ).describe('An election by a recipe.'),
  'zk-server': object(
    'zk-server condition',
    'a condition on a ZooKeeper server: zk-server, is, behind, synced',
    {
      'zk-server': format('name').describe('The server.'),
      is: choice('server state', ['leading', 'following', 'looking', 'down'] as const)
        .optional()
        .describe('What it does; `looking`: it has no leader and serves nobody.'),
      behind: count().optional().describe('Committed transactions that it has not applied.'),
      synced: choice('sync', ['DIFF', 'TRUNC', 'SNAP'] as const)
        .optional()
        .describe('How its leader brought it up to date last: `TRUNC`: by cutting its log.'),
    },
    planned,
  ).describe('A server of the ZooKeeper ensemble.'),
  replicas: object(
    'replicas condition',
    'a condition on an assignment: replicas, is',
    {
      replicas: format('partition').describe('The partition.'),
      is: list(format('name'), 'a list of brokers').describe('Its brokers, the preferred leader first.'),
    },
    planned,
  ).describe('The brokers that a partition is assigned to.'),
  broker: object(
    'broker condition',
    'a condition on a broker: broker, topic, leads, replicas',
    {
      broker: format('name').describe('The broker.'),
      topic: format('topic').optional().describe('Only partitions of this topic.'),
      leads: count().optional().describe('Partitions that it leads.'),
      replicas: count().optional().describe('Partitions that it carries.'),
    },
    planned,
  ).describe('What a broker carries, as ZooKeeper holds it.'),
  measure: object(
    'measure condition',
    'a condition on what was measured: measure, writes, refused, watches, lasts',
    {
      measure: format('name').describe('Its name.'),
      writes: count().optional().describe('Writes that ZooKeeper committed.'),
      refused: count().optional().describe('Writes that ZooKeeper refused.'),
      watches: count().optional().describe('Watch events that it sent.'),
      lasts: format('durationMatch').optional().describe('How long it took.'),
    },
    planned,
  ).describe('What ZooKeeper did between the actions `measure` and `measured`.'),
  event: object(
    'event condition',
    'a condition on the trace: event, machine, nth',
    {
      event: choice('event', eventKinds as unknown as readonly [string, ...string[]]).describe(
        'Kind of a trace event.',
      ),
      machine: format('name').optional().describe('Only from this machine.'),
      nth: whole(1).optional().describe('The nth of them since the start. Default 1.'),
    },
    planned,
  ).describe('An event of the trace has happened.'),
}

export const conditionSchema = z
  .union(Object.values(conditionSchemas) as unknown as ConditionOptions, { error: () => 'condition' })
  .meta({ id: 'condition' })

type ConditionSchemas = typeof conditionSchemas
type ConditionOptions = readonly [
  ConditionSchemas[keyof ConditionSchemas],
  ...ConditionSchemas[keyof ConditionSchemas][],
]

/** A condition as written; the key that is there says which it is. */
export type ConditionInput = { [K in keyof ConditionSchemas]: z.infer<ConditionSchemas[K]> }
