/**
 * Tells a run while it happens: a timeline of what matters, captions, drawings of the logs at decisive moments, and the
 * verdict on each message at the end.
 *
 * A drawing is shown only when something in it changed since the last one. Where a workload sends many messages, what
 * happens to single ones is counted, not told.
 */
import type { TopicPartition } from '../../src/protocol/index.ts'
import type { Detail } from '../scenario/plan.ts'
import { type AnyEvent, type EventOf, eventOf, type ViewRecord } from './any-event.ts'
import type { ClusterView } from './cluster-view.ts'
import { drawPartition } from './draw.ts'
import { committedTree, drawTree, withoutOwn } from './draw-tree.ts'
import type { Ledger } from './ledger.ts'
import { formatSeconds, isInternal, messageName } from './names.ts'
import { NarrationMemory, narrate, type Telling } from './narrate.ts'
import { clip, displayWidth, type Painter, padTo, plainPainter, type Tone, wrap } from './painter.ts'
import { verdictLines } from './verdict.ts'

export interface NarratorOptions {
  readonly lang: 'en' | 'zh'
  readonly painter: Painter
  /** Terminal cells of a line, at least 60. */
  readonly width: number
  /** Drawings of plain ASCII. */
  readonly ascii?: boolean
  /** What is told beside what is always told. */
  readonly details?: readonly Detail[]
}

/** Messages that are told one by one, of all clients and of one; the others are counted. */
const MESSAGES_TOLD = 16
const MESSAGES_TOLD_OF_CLIENT = 4
/** Partitions drawn at one moment. */
const PARTITIONS_DRAWN = 3

/** Children of a znode drawn. */
const CHILDREN_DRAWN = 6

const WHO_WIDTH = 11

export class Narrator {
  readonly #options: NarratorOptions
  readonly #memory: NarrationMemory
  /** Last drawing of each partition, unpainted. */
  readonly #drawn = new Map<TopicPartition, string>()
  /** Records on single messages since the last line, by what happened. */
  readonly #counted = new Map<string, number>()
  #countedSinceUs = 0
  /** The last drawing of ZooKeeper's tree, unpainted. */
  #treeDrawn = ''
  /** Messages that are told one by one. */
  readonly #told = new Set<string>()
  readonly #handed = new Map<string, number>()
  #afterBlank = true

  constructor(options: Partial<NarratorOptions> = {}) {
    this.#memory = new NarrationMemory(options.details)
    this.#options = { lang: 'en', painter: plainPainter, ...options, width: Math.max(60, options.width ?? 100) }
  }

  /** Lines to print now. View and ledger are those after the record. */
  apply(record: ViewRecord, view: ClusterView, ledger: Ledger): string[] {
    const event = eventOf(record)
    if (event.kind === 'Caption') return this.#spaced([...this.#flush(), ...this.#caption(event, view)])
    if (event.kind === 'MessageHanded') this.#choose(event)
    const telling = narrate(record, view, ledger, this.#memory)
    if (telling === undefined) return []
    if (telling.messages !== undefined && !this.#tellsAny(telling.messages)) {
      this.#count(event, record.atUs)
      return []
    }
    const lines = [...this.#flush(), ...this.#line(record.atUs, telling)]
    if (telling.draw !== undefined) lines.push(...this.#draw(view, telling.draw, telling.drawLogsOnly))
    return this.#spaced(lines)
  }

  /** The last drawing and the verdict. */
  end(view: ClusterView, ledger: Ledger): string[] {
    const { painter, width } = this.#options
    this.#drawn.clear()
    const heading = painter.paint('caption', `At the end, ${formatSeconds(ledger.endUs)}`)
    this.#treeDrawn = ''
    const drawing = [...this.#draw(view, Object.keys(view.partitions)), ...this.#tree(view)]
    const verdict = verdictLines(ledger, { painter, width })
    if (verdict.length === 0) drawing.pop()
    return this.#spaced([...this.#flush(), '', heading, ...drawing, ...verdict])
  }

  #choose(event: EventOf<'MessageHanded'>): void {
    const count = (this.#handed.get(event.client) ?? 0) + 1
    this.#handed.set(event.client, count)
    if (count <= MESSAGES_TOLD_OF_CLIENT && this.#told.size < MESSAGES_TOLD) this.#told.add(messageName(event.message))
  }

  /** What is about no message in particular is told as long as none is only counted. */
  #tellsAny(messages: readonly string[]): boolean {
    return messages.length === 0 ? this.#counted.size === 0 : messages.some((message) => this.#told.has(message))
  }

  /** Never two empty lines in a row. */
  #spaced(lines: readonly string[]): string[] {
    return lines.filter((line) => {
      const doubled = line === '' && this.#afterBlank
      this.#afterBlank = line === ''
      return !doubled
    })
  }

  #line(atUs: number, telling: Telling): string[] {
    const { painter, width } = this.#options
    const time = formatSeconds(atUs).padStart(11)
    const head = `${painter.paint('time', time)}  ${painter.paint('machine', padTo(telling.who, WHO_WIDTH))} `
    const indent = ' '.repeat(11 + 2 + Math.max(WHO_WIDTH, displayWidth(telling.who)) + 1)
    const lines = wrap(telling.text, width - indent.length).map(
      (line, index) => (index === 0 ? head : indent) + painter.paint(telling.tone, line),
    )
    for (const row of telling.table ?? []) lines.push(indent + painter.paint('quiet', clip(row, width - indent.length)))
    return lines
  }

  #caption(event: EventOf<'Caption'>, view: ClusterView): string[] {
    const { painter, width, lang, ascii } = this.#options
    const text = lang === 'zh' ? (event.zh ?? event.en) : event.en
    const edge = ascii === true ? '|' : '┃'
    const lines = wrap(text, width - 4).map((line) => painter.paint('caption', `  ${edge} ${line}`))
    return ['', ...lines, '', ...this.#draw(view, Object.keys(view.partitions)), ...this.#tree(view)]
  }

  #draw(view: ClusterView, partitions: readonly TopicPartition[], logsOnly = false): string[] {
    const { painter, width, ascii = false } = this.#options
    const lines: string[] = []
    let drawn = 0
    let left = 0
    for (const tp of partitions) {
      if (isInternal(tp) || !holdsAnything(view, tp)) continue
      const plain = drawPartition(view, tp, { width, ascii }).join('\n')
      const last = this.#drawn.get(tp)
      if (plain === last) continue
      if (logsOnly && last !== undefined && withoutRoles(plain) === withoutRoles(last)) continue
      if (drawn === PARTITIONS_DRAWN) {
        left += 1
        continue
      }
      drawn += 1
      this.#drawn.set(tp, plain)
      lines.push(...drawPartition(view, tp, { width, ascii, painter }))
    }
    if (left > 0)
      lines.push(painter.paint('quiet', `    … and ${left} more ${left === 1 ? 'partition' : 'partitions'}`))
    return lines.length === 0 ? lines : [...lines, '']
  }

  /** Where there are no brokers, the nodes of ZooKeeper are what the story is about. */
  #tree(view: ClusterView): string[] {
    const { painter, width, ascii = false } = this.#options
    if (Object.keys(view.brokers).length > 0) return []
    const nodes = withoutOwn(committedTree(view))
    const options = { width, ascii, children: CHILDREN_DRAWN, sessions: false, indent: '    ' }
    const plain = drawTree(nodes, '/', options).join('\n')
    if (nodes.length < 2 || plain === this.#treeDrawn) return []
    this.#treeDrawn = plain
    return [...drawTree(nodes, '/', { ...options, painter }), '']
  }

  #count(event: AnyEvent, atUs: number): void {
    const [what, count] = countedAs(event)
    if (what === '') return
    if (this.#counted.size === 0) this.#countedSinceUs = atUs
    this.#counted.set(what, (this.#counted.get(what) ?? 0) + count)
  }

  /** What was only counted, in one line, before the next thing that is told. */
  #flush(): string[] {
    if (this.#counted.size === 0) return []
    const words = [...this.#counted].map(([what, count]) => `${count} ${what}`)
    const of = [...this.#counted.keys()].some((what) => electionWords.includes(what))
      ? 'contenders '
      : this.#counted.has(PARTITIONS_LED)
        ? 'partitions '
        : 'messages '
    this.#counted.clear()
    const tone: Tone = 'quiet'
    return this.#line(this.#countedSinceUs, { who: '…', text: `${of}from here on: ${words.join(', ')}`, tone })
  }
}

const electionCounts = {
  ElectionEntered: 'entered',
  ElectionWon: 'elected',
  ElectionLost: 'waiting',
  ElectionWoken: 'woken',
  ElectionResigned: 'resigned',
  LeadershipExpired: 'deposed',
} as const
/** Elections by the controller, where there are many. */
const PARTITIONS_LED = 'given a leader'
const electionWords: readonly string[] = Object.values(electionCounts)

const holdsAnything = (view: ClusterView, tp: TopicPartition): boolean =>
  Object.keys(view.brokers).some((name) => (view.brokers[name]!.replicas[tp]?.logEndOffset ?? 0) > 0)

const withoutRoles = (drawing: string): string => drawing.replace(/ (leader|follower|down|off|paused|waiting) +/g, ' ')

function countedAs(event: AnyEvent): readonly [string, number] {
  switch (event.kind) {
    case 'MessageHanded':
      return ['handed over', 1]
    case 'ProduceAcknowledged':
      return ['acknowledged', event.messages.length]
    case 'ProduceFailed':
      return [`failed (${event.error})`, event.messages.length]
    case 'HighWatermark':
      return ['committed', event.to - event.from]
    case 'MessageProcessed':
      return ['processed', 1]
    case 'MessagesRead':
      return ['read', event.messages.length]
    case 'PartitionElected':
      return [PARTITIONS_LED, 1]
    case 'ElectionEntered':
    case 'ElectionWon':
    case 'ElectionLost':
    case 'ElectionWoken':
    case 'ElectionResigned':
    case 'LeadershipExpired':
      return [electionCounts[event.kind], 1]
    default:
      return ['', 0]
  }
}
