/** What is there when the story begins: machines, network, topics, clients. */

import * as z from 'zod'
import {
  brokerConfigTable,
  groupConsumerConfigTable,
  javaProducerConfigTable,
  oldConsumerConfigTable,
  partitionConsumerConfigTable,
  producerConfigTable,
  topicConfigTable,
} from '../../../../src/config/index.ts'
import { presetNames } from '../vocabulary.ts'
import { zookeeperConfigTable } from '../zookeeper-config.ts'
import { choice, config, format, list, named, object, oneOrMany, whole, words, yesNo } from './elements.ts'

const brokerConfig = config('broker', 'keys of server.properties with their values', brokerConfigTable)

export const clusterSchema = object('cluster', 'a mapping of zookeeper, brokers, config, network', {
  zookeeper: whole(1, 9)
    .optional()
    .describe('Number of ZooKeeper servers, named zk1, zk2 …, each on a machine of its own. Default 3.'),
  zookeeperConfig: config('zookeeper', 'keys of zoo.cfg with their values', zookeeperConfigTable)
    .optional()
    .describe('Keys of `zoo.cfg`, for all ZooKeeper servers.'),
  brokers: whole(0, 99)
    .optional()
    .describe(
      'Number of brokers, named b1, b2 … with `broker.id` 1, 2 …; 0 for stories of ZooKeeper alone. Default 3.',
    ),
  config: brokerConfig.optional().describe('Keys of `server.properties`, for all brokers.'),
  configOf: named('name', brokerConfig, 'a mapping from brokers to keys of server.properties')
    .optional()
    .describe(
      'Keys of `server.properties` for single brokers, laid over `config`: `{ b2: { num.replica.fetchers: 2 } }`.',
    ),
  network: object('network', 'a mapping of latency and bandwidth', {
    latency: format('latency')
      .optional()
      .describe('One-way latency of a message, drawn evenly from a range. Default 1ms..3ms.'),
    bandwidth: format('rate').optional().describe('Bytes a second of each direction of a link. Default: no limit.'),
  })
    .optional()
    .describe('What links between machines are like.'),
}).meta({ id: 'cluster' })

const topicShape = {
  partitions: whole(1, 1000).optional().describe('Number of partitions. Default: as many as `replicas` lists, else 1.'),
  replicas: list(
    list(format('name'), 'a list of brokers'),
    'a list of lists of brokers, one for each partition: [[b1, b2, b3]]',
  )
    .optional()
    .describe(
      'Brokers of each partition, the preferred leader first: `[[b1, b2, b3], [b2, b3, b1]]`. With `partitions` a single list stands for all of them.',
    ),
  replicationFactor: whole(1, 99)
    .optional()
    .describe(
      "Replicas of each partition, placed by Kafka's own formula. Instead of `replicas`. Default: `default.replication.factor`.",
    ),
  config: config('topic', 'topic-level keys with their values', topicConfigTable)
    .optional()
    .describe('Topic-level keys, laid over those of the brokers.'),
}

export const topicSchema = object(
  'topic',
  'a mapping of partitions, replicas or replicationFactor, config',
  topicShape,
).meta({
  id: 'topic',
})

export const newTopicSchema = object(
  'createTopic',
  'a mapping of topic, partitions, replicas or replicationFactor, config',
  {
    topic: format('topic').describe('Its name.'),
    ...topicShape,
  },
)

const sendsSchema = object(
  'sends',
  'a mapping of to, every, start, count, keys, size, transaction, abortEvery',
  {
    to: format('destination').describe(
      'Topic or partition. Without a partition the key decides, or chance where there is none.',
    ),
    every: format('duration').describe('Time between two messages.'),
    start: format('duration').optional().describe('Virtual time of the first message. Default: the first `every`.'),
    count: whole(1).optional().describe('Messages in all. Default: until the end.'),
    keys: format('range').optional().describe('Keys are drawn evenly from this range. Default: no keys.'),
    size: format('size').optional().describe('Size of a value. Default 100B.'),
    transaction: whole(1)
      .optional()
      .describe('Java producers with a `transactional.id`: so many messages make a transaction.'),
    abortEvery: whole(1)
      .optional()
      .describe('With `transaction`: every so many of them one is aborted. Default: none.'),
  },
  { planned: 'workload' },
).meta({ id: 'sends' })

/** The application around a consumer. */
const processesSchema = object(
  'processes',
  'a mapping of takes, commit, waits, handsOver, poll, writes',
  {
    takes: format('duration')
      .optional()
      .describe('How long one message takes; its effect comes at the end. Default: no time.'),
    commit: choice('commit', ['auto', 'before', 'after', 'after-each', 'never', 'transaction'] as const)
      .optional()
      .describe(
        'When the application commits what it was given: `auto`: it leaves that to the consumer; `before` it does anything with it; `after` all of it; `after-each` message; `never`; or in the `transaction` that what it `writes` is part of. Default: `auto`, or `never` where `enable.auto.commit` (`auto.commit.enable`) is false.',
      ),
    waits: yesNo().optional().describe('`false`: it does not wait for its commits (`commitAsync`). Default `true`.'),
    handsOver: yesNo()
      .optional()
      .describe('`true`: another thread does the work, and the one that polls goes on at once. Default `false`.'),
    poll: format('duration').optional().describe('Longest stay in one `poll`. Default 100ms.'),
    writes: object('writes of an application', 'a mapping of to and config', {
      to: format('topic').describe('The topic.'),
      config: config('client', 'keys of a Java producer with their values', javaProducerConfigTable)
        .optional()
        .describe(
          'Keys of the producer that it writes with. Default of `transactional.id`, with `commit: transaction`: the name of the client.',
        ),
    })
      .optional()
      .describe('It writes a message of its own for each that it has read, with the same key: `receipts/m1` for `m1`.'),
  },
  { planned: 'processes' },
).meta({ id: 'processes' })

export const clientSchema = object(
  'client',
  'a mapping with producer: sync, async or java, consumer: simple, high-level or group, zookeeper: plain or election, resource: open or fenced, or like: another client',
  {
    producer: choice('producer', ['sync', 'async', 'java'] as const)
      .optional()
      .describe(
        'Makes it a producer. Old ones (0.8): `sync` sends one message at a time and waits for the answer, `async` collects messages in a queue and sends batches; or `java`: the producer of kafka-clients (from 0.8.2).',
      ),
    consumer: choice('consumer', ['simple', 'high-level', 'group'] as const)
      .optional()
      .describe(
        'Makes it a consumer: `simple` reads one partition from an offset; `high-level` (0.8) is a member of a group that forms through ZooKeeper; `group` (from 0.9) of one that a broker coordinates.',
      ),
    group: format('name').optional().describe('Consumers in groups: the group, the same as `group.id`.'),
    subscribes: z
      .union(
        [
          format('topic'),
          list(format('topic'), 'a list of topics'),
          named('topic', whole(1, 1000), 'a mapping from topics to numbers of streams'),
        ],
        { error: () => 'format:topic' },
      )
      .optional()
      .describe(
        'Consumers in groups: topics; for high-level ones also topics with their numbers of streams (`{ orders: 2 }`).',
      ),
    whitelist: words()
      .optional()
      .describe('High-level consumers: instead of `subscribes`, all topics whose name fits this regular expression.'),
    blacklist: words()
      .optional()
      .describe('High-level consumers: instead of `subscribes`, all topics whose name does not fit it.'),
    pattern: words()
      .optional()
      .describe(
        'Consumers of coordinated groups: instead of `subscribes`, all topics whose name fits this expression.',
      ),
    streams: whole(1, 1000)
      .optional()
      .describe(
        'High-level consumers: streams (threads) for each topic, or for all that a list lets through. Default 1.',
      ),
    processing: format('duration').optional().describe('High-level consumers: short for `processes: { takes: … }`.'),
    processes: processesSchema
      .optional()
      .describe(
        'Consumers in groups: what the application does with messages, and when it commits. A high-level consumer hands out one message at a time, and a commit covers what all its streams have handed out; `waits` and `poll` are not for it.',
      ),
    autostart: yesNo()
      .optional()
      .describe('Consumers in groups: `false` leaves it to a step to `start` it. Default `true`.'),
    zookeeper: choice('zookeeper', ['plain', 'election'] as const)
      .optional()
      .describe(
        'Makes it a client of ZooKeeper: `plain` does single operations (action `zk`), `election` takes part in an election by a recipe (action `enter`).',
      ),
    resource: choice('resource', ['open', 'fenced'] as const)
      .optional()
      .describe(
        'Makes it something that leaders write to: `open` takes every write, `fenced` refuses a leader older than one it has seen.',
      ),
    release: choice('release', presetNames)
      .optional()
      .describe(
        'Kafka clients: the release that it is of, none newer than the brokers: which message format a producer writes, and which one a consumer reads. Default: `protocol`.',
      ),
    like: format('name').optional().describe('Takes everything from another client; own keys are laid over it.'),
    config: config(
      'client',
      'keys of the producer or consumer with their values',
      producerConfigTable,
      javaProducerConfigTable,
      partitionConsumerConfigTable,
      oldConsumerConfigTable,
      groupConsumerConfigTable,
    )
      .optional()
      .describe(
        "Keys of the client's own configuration (old producer, Java producer, simple consumer, high-level consumer, consumer of a group).",
      ),
    bootstrap: oneOrMany(format('name'), 'format:name')
      .optional()
      .describe('Brokers that it asks for metadata first. Default: all.'),
    sends: sendsSchema
      .optional()
      .describe(
        'Producers: a stream of messages instead of single sends. They are named `p1-1`, `p1-2` … after the client.',
      ),
    reads: format('partition').optional().describe('Consumers: the partition to read.'),
    from: z
      .union([whole(0), choice('from', ['earliest', 'latest'] as const)], { error: () => 'from' })
      .optional()
      .describe('Consumers: first offset, or `earliest` or `latest`. Default `earliest`.'),
    broker: format('name')
      .optional()
      .describe('Consumers: read from this broker whoever leads; a follower refuses with error 6.'),
    server: oneOrMany(format('name'), 'format:name')
      .optional()
      .describe('ZooKeeper clients: servers that it connects to. Default: all, in an order drawn by the seed.'),
    sessionTimeout: format('duration')
      .optional()
      .describe('ZooKeeper clients: the session timeout they ask for; servers grant 2 to 20 ticks. Default 6s.'),
    recipe: choice('recipe', ['unfair', 'fair'] as const)
      .optional()
      .describe(
        'Elections: `unfair`: all race for one node; `fair`: they queue up by sequential nodes. Default `unfair`.',
      ),
    path: format('path').optional().describe('Elections: the persistent parent, which also names the election.'),
    elections: whole(2, 1000)
      .optional()
      .describe('Elections: takes part in so many, below `path`/0, `path`/1 …, instead of one at `path`.'),
    writes: object('writes', 'a mapping of to and every', {
      to: oneOrMany(format('name'), 'format:name').describe('Resources.'),
      every: format('duration').describe('Time between two writes.'),
    })
      .optional()
      .describe('Elections: what it writes to resources while it believes that it leads.'),
  },
  { planned: 'client' },
).meta({ id: 'client' })

export const localTextSchema = z
  .union(
    [
      z.string({ error: () => 'localText' }).min(1, { error: () => 'localText' }),
      object('text in two languages', 'a mapping of en and zh', {
        en: words().describe('English.'),
        zh: words().optional().describe('Chinese.'),
      }),
    ],
    { error: () => 'localText' },
  )
  .meta({ id: 'text' })
