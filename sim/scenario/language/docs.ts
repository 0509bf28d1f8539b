/** docs/scenarios.md: the rules of the language in prose, the reference from the schema, the codes of all diagnostics. */

import {
  brokerConfigTable,
  type ConfigTable,
  groupConsumerConfigTable,
  javaProducerConfigTable,
  oldConsumerConfigTable,
  partitionConsumerConfigTable,
  producerConfigTable,
  topicConfigTable,
} from '../../../src/config/index.ts'
import { diagnosticCodes } from './codes.ts'
import { conditionMappings, formatTable, keyTable, mappingAt } from './reference.ts'
import { actionNames } from './schema/steps.ts'
import { eventKinds, messageNames, plannedKeys, plannedValues, promises } from './vocabulary.ts'
import { zookeeperConfigTable } from './zookeeper-config.ts'

/** The whole page. */
export function scenarioDocs(): string {
  const step = mappingAt('steps')
  const parts = [
    intro,
    `\`\`\`yaml\n${docsExample.trim()}\n\`\`\``,
    rules,
    '## The file\n\nKeys in bold must be there.',
    keyTable(mappingAt()),
    '## cluster',
    keyTable(mappingAt('cluster')),
    '`network`:',
    keyTable(mappingAt('cluster', 'network')),
    '## topic\n\nEach topic of `topics` is a mapping of',
    keyTable(mappingAt('topics')),
    '## client\n\nEach client of `clients` is a mapping of',
    keyTable(mappingAt('clients')),
    '### Workloads\n\n`sends` of a producer:',
    keyTable(mappingAt('clients', 'sends')),
    '### Processing\n\n`processes` of a consumer in a coordinated group: the application around it.',
    keyTable(mappingAt('clients', 'processes')),
    zooKeeperText,
    keyTable(mappingAt('clients', 'writes')),
    stepsText,
    keyTable(step, ['at', 'after', 'when', 'on', 'within', 'caption']),
    '`on`:',
    keyTable(mappingAt('steps', 'on')),
    `Kinds of messages: ${list(messageNames)}.`,
    '### Actions',
    keyTable(step, actionNames),
    '`crash`, `powerOff`, `pause`, `resume`, `restart`, `shutdown`, `start` and `stop` also take a mapping: `restart: { target: b1, after: 2s }` happens 2 s later, and later steps do not wait for it.',
    ...[
      'send',
      'delayNext',
      'slowDisk',
      'fillDisk',
      'corrupt',
      'skewClock',
      'createTopic',
      'addPartitions',
      'zk',
    ].flatMap((name) => [`\`${name}\`:`, keyTable(mappingAt('steps', name))]),
    'Each item of `multi`:',
    keyTable(mappingAt('steps', 'zk', 'multi')),
    linksText,
    keyTable(mappingAt('steps', 'cut')),
    targetsText,
    conditionsText,
    ...conditionMappings().flatMap((condition) => [
      `**${Object.keys(condition.properties!)[0]}.** ${condition.description}`,
      keyTable(condition),
    ]),
    `Kinds of trace events: ${list(eventKinds)}.`,
    expectText,
    keyTable(mappingAt('expect')),
    '### messages\n\nEach message of `messages` is a mapping of',
    keyTable(mappingAt('expect', 'messages')),
    '### applications\n\nEach group of `applications` is a mapping of',
    keyTable(mappingAt('expect', 'applications')),
    '### unavailability',
    keyTable(mappingAt('expect', 'unavailable')),
    figuresText,
    ...['producers', 'backlogs', 'readers'].flatMap((name) => [`\`${name}\`:`, keyTable(mappingAt('expect', name))]),
    `### Promises\n\n${list(promises)}.`,
    '## Values',
    formatTable(),
    commandLine,
    '## Configuration keys',
    configTable('Brokers (`cluster.config`, `cluster.configOf`)', brokerConfigTable),
    configTable('Topics (`config` of a topic)', topicConfigTable),
    configTable('Producers (`config` of a client)', producerConfigTable),
    configTable('Java producers (`config` of a client; defaults of 0.8.2)', javaProducerConfigTable),
    configTable('Simple consumers (`config` of a client)', partitionConsumerConfigTable),
    configTable('High-level consumers (`config` of a client)', oldConsumerConfigTable),
    configTable('Consumers of coordinated groups (`config` of a client; defaults of 0.9)', groupConsumerConfigTable),
    configTable('ZooKeeper (`cluster.zookeeperConfig`)', zookeeperConfigTable),
    diagnosticsText,
    [
      '| code | kind |',
      '|---|---|',
      ...Object.entries(diagnosticCodes).map(([code, about]) => `| ${code} | ${about} |`),
    ].join('\n'),
    laterText,
  ]
  return `${parts.join('\n\n')}\n`
}

const list = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ')

function configTable(title: string, table: ConfigTable): string {
  const rows = Object.entries(table).map(
    ([name, key]) => `| \`${name}\` | ${key.default === null ? 'not set' : `\`${key.default}\``} | ${key.about} |`,
  )
  return [`### ${title}`, '', '| key | default | meaning |', '|---|---|---|', ...rows].join('\n')
}

/** A scenario to begin with; a test compiles it. */
const docsExample = `# yaml-language-server: $schema=https://…/docs/scenario.schema.json
scenario: 1
title: { en: The leader dies and a follower takes over, zh: leader 宕机，follower 接替 }
shows: [6.24]
protocol: "0.8.2"
ends: 30s

cluster: { zookeeper: 3, brokers: 3, network: { latency: 1ms..3ms } }
topics:
  orders: { replicas: [[b1, b2, b3]], config: { min.insync.replicas: 2 } }
clients:
  p1: { producer: sync, config: { request.required.acks: -1, retry.backoff.ms: 4000 } }
  p2: { like: p1 }
  reader: { consumer: simple, reads: orders-0 }

steps:
  - send: { by: p1, to: orders-0, message: m1 }
  - when: { message: m1, is: acked }
    crash: leader(orders-0)
    caption: The leader crashes after m1 was acknowledged.
  - when: { leader: orders-0, is: b2 }
    within: 12s
    send: { by: p2, to: orders-0, message: m2 }
  - when: { message: m2, is: committed }
    restart: b1

expect:
  messages:
    m1: { acked: true, copies: 1, lost: 0 }
    m2: { acked: true }
  order: { orders-0: [m1, m2] }
  promises: { broken: [] }
  state:
    - { isr: orders-0, size: 3 }
`

const intro = `<!-- Generated from sim/scenario/language by npm run docs. Do not edit. -->

# The scenario language

A scenario is a YAML file that tells a story of a Kafka cluster: which machines there are, what happens to them and when, and what must come of it. \`trial run FILE\` plays it on a virtual clock and judges it; \`trial validate FILE\` only checks it. The same file with the same seed is the same run everywhere.

The first line lets an editor with a YAML language server complete keys and underline mistakes.`

const rules = `## Rules

- **Every key is known or refused.** A slip of the finger is an error with line, column and the nearest valid name, before anything runs.
- **Durations, sizes and rates carry units.** \`500\` is refused, \`500ms\` is not.
- **Only \`scenario: 1\` must be there.** All else has a default or is simply absent.
- **Names.** Brokers are \`b1\`, \`b2\` … with \`broker.id\` 1, 2 …; ZooKeeper servers \`zk1\`, \`zk2\` …; clients, topics and messages as the file names them. A partition is \`orders-0\`, a replica \`b1/orders-0\`. Conditions, selectors and the actions that look at files may also name partitions of Kafka's own \`__consumer_offsets\`.
- **Steps happen in order.** A step without a trigger follows the one before at once; a step that waits makes all later ones wait.
- **Conditions see what is true**, not what a broker believes. A condition that can never hold is refused before the run; one that did not come true in time fails the run, which then says what it saw instead.
- **Selectors and conditions are resolved at that moment of the run.** What a selector chose is in the trace.
- **Write \`">= 2"\` in quotes**: a bare \`>\` means something else in YAML. So does \`": "\` within a text.`

const zooKeeperText = `### Clients of ZooKeeper

A client with \`zookeeper: plain\` does single operations when steps say so (action \`zk\`); conditions ask for their answers (\`operation\`) and for the watch events that it was told (\`notified\`). One with \`zookeeper: election\` takes part in an election by one of ZooKeeper's recipes, from the action \`enter\` to the action \`resign\`. Something with \`resource: open\` or \`fenced\` takes what leaders write.

\`\`\`yaml
cluster: { zookeeper: 3, brokers: 0 }             # ZooKeeper alone
clients:
  c1: { zookeeper: plain, server: zk1 }
  e1: { zookeeper: election, recipe: fair, path: /chroot, writes: { to: store, every: 200ms } }
  e2: { like: e1 }
  store: { resource: fenced }
steps:
  - zk: { by: c1, create: /lock, data: mine, mode: ephemeral, name: lock }
  - when: { operation: lock, is: OK }
    enter: [e1, e2]
  - when: { elected: /chroot, is: e1 }
    pause: elected(/chroot)
\`\`\`

\`writes\`:`

const stepsText = `## Steps

A step is a mapping of at most one trigger (\`at\`, \`after\`, \`when\`, \`on\`), a caption, and any number of actions, which happen in the order in which they stand. A step may also only wait, or only say something.

\`\`\`yaml
steps:
  - send: { by: p1, to: orders-0, message: m1 }     # at once
  - at: 5s                                          # virtual time
    crash: leader(orders-0)
  - after: 500ms                                    # since the step before
    restart: b1
  - when: { leader: orders-0, is: b2 }              # a condition, or a list: all of them
    within: 12s                                     # else the run fails
    caption: b2 leads now.
  - on: { message: Fetch, from: b3, to: b1, nth: 2 } # a message about to be delivered
    delay: 300ms
\`\`\`

### Triggers`

const linksText = `### Links

\`cut\`, \`heal\`, \`stall\`, \`release\` and \`reset\` act on links between machines. \`from\` and \`to\` mean that direction only: with \`stall: { from: b1, to: b3 }\` b3 hears nothing from b1, while b1 still hears b3. \`between: [b1, [b2, b3]]\` means both directions. \`heal: all\` and \`release: all\` undo every one.`

const targetsText = `### Targets

Wherever a machine is meant: a name (\`b1\`, \`zk2\`, \`p1\`), a selector, or a list of both.

| selector | meaning |
|---|---|
| \`leader(orders-0)\` | the broker that leads the partition |
| \`any follower(orders-0)\` | one of its followers, drawn by the seed |
| \`most-advanced follower(orders-0)\` | the follower with the highest log end offset |
| \`controller\` | the broker that is controller |
| \`zk-leader\` | the leader of the ZooKeeper ensemble |
| \`elected(/chroot)\` | the contender that leads the election |
| \`coordinator(billing)\` | the broker that spoke last for a coordinated group |
| \`all brokers\`, \`all zookeeper\` | all of them |`

const conditionsText = `## Conditions

A condition names what it looks at, then fields. A count is a number, a range \`2..5\` (both ends belong to it), or a comparison \`">= 2"\`. All fields of a condition must hold, and all conditions of a list, at the same moment.`

const figuresText = `### Figures

Numbers of a whole run. Each producer of \`producers\`, each group of \`backlogs\` and each consumer of \`readers\` is a mapping.

\`\`\`yaml
expect:
  producers: { p1: { share: ">= 95", lost: 0, median: "<= 10ms" } }
  backlogs: { billing: { peak: 400..500, drained: 8s..12s, left: 0 } }
  readers: { c1: { overtaken: 0, overtakenElsewhere: ">= 1" } }
\`\`\``

const expectText = `## expect

What must come of it. Every entry stands for itself; a run fails if one does not hold, and says what it found instead.

\`\`\`yaml
expect:
  messages:
    m3: { acked: true, copies: 1, lost: 1 }
  order: { orders-0: [m1, m2, m4, …, m3] }
  promises: { broken: [I-ORDER, I-NODUP] }
  state:
    - { replica: b1/orders-0, truncatedTo: 1 }
  sometimes:
    - { isr: orders-0, size: 1 }
    - [{ isr: orders-0, size: 2 }, { isr: orders-0, size: 3, believes: b1 }]   # both at the same moment
  never:
    - { leader: orders-0, is: b3 }
  unavailable:
    - { partition: orders-0, operation: write, lasts: 6s..10s }
\`\`\``

const commandLine = `## Command line

\`--seed N\` and \`--protocol P\` win over the file. \`--set KEY=VALUE\` lays one value over the file:

- a configuration key, for everything that knows it: \`--set retry.backoff.ms=100\` for all producers, \`--set replica.lag.time.max.ms=5000\` for all brokers, \`--set min.insync.replicas=2\` for brokers and topics;
- a path into the file: \`--set ends=60s\`, \`--set cluster.brokers=5\`, \`--set clients.p1.config.retry.backoff.ms=100\`, \`--set steps.3.within=20s\` (steps count from 0).`

const diagnosticsText = `## Diagnostics

Mistakes are printed as compilers do it, with a code that stays; the exit code is 2.

\`\`\`
story.yaml:12:12: KS104 no broker "b4" in this cluster (b1, b2, b3)
  12 |     crash: b4
     |            ^^
\`\`\``

const laterText = `## Later parts

These words belong to the language, but nothing stands behind them yet; they are refused with KS501: ${list([...new Set([...Object.values(plannedKeys), ...Object.values(plannedValues)].flat())])}. So are configuration keys of Kafka that are not in the tables above.`
