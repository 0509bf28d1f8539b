/**
 * The fair queue: below a persistent parent each contender creates an ephemeral sequential node. The smallest leads;
 * every other one watches the node just before its own, and when that is gone looks again where it stands. One deletion
 * wakes one contender, and they lead in the order in which they came.
 */
import type { Digest, Host } from '../../host/index.ts'
import type { WatchedEvent } from '../client/watched-event.ts'
import { baseName, childPath } from '../tree/path.ts'
import type { Zxid } from '../zxid.ts'
import type { Election, ElectionListener, ElectionNews } from './election.ts'
import type { RecipeSession } from './recipe-session.ts'

const PREFIX = 'n_'

/** out → entering (node on the way) → queued → leading. */
type State = 'out' | 'entering' | 'queued' | 'leading' | 'resigning'

export class FairQueue implements Election {
  readonly path: string
  private readonly host: Host
  private readonly session: RecipeSession
  private readonly contender: string
  private readonly listener: ElectionListener
  private state: State = 'out'
  private wantsIn = false
  /** Path of this contender's own node; empty without one. */
  private node = ''
  private predecessor = ''
  private leadsIn: Zxid | undefined

  constructor(host: Host, session: RecipeSession, contender: string, path: string, listener: ElectionListener) {
    this.host = host
    this.session = session
    this.contender = contender
    this.path = path
    this.listener = listener
  }

  get epoch(): Zxid | undefined {
    return this.leadsIn
  }

  enter(): void {
    if (this.wantsIn) return
    this.wantsIn = true
    if (this.state === 'out') this.begin()
  }

  resign(): void {
    if (!this.wantsIn) return
    this.wantsIn = false
    if (this.state === 'leading' || this.state === 'queued') this.leave()
  }

  expired(): void {
    const epoch = this.leadsIn
    this.forget()
    if (epoch === undefined) return
    this.trace({ kind: 'LeadershipExpired', epoch })
    this.listener.deposed(this)
  }

  opened(): void {
    if (this.wantsIn && this.state === 'out') this.begin()
  }

  watched(event: Exclude<WatchedEvent, { type: 'None' }>): void {
    if (this.state !== 'queued' || event.path !== this.predecessor) return
    if (event.type === 'NodeDeleted') this.trace({ kind: 'ElectionWoken', watched: event.path })
    this.look()
  }

  digest(d: Digest): void {
    d.string(this.path).string(this.state).boolean(this.wantsIn).string(this.node).string(this.predecessor)
    d.int(this.leadsIn ?? -1)
  }

  private begin(): void {
    this.state = 'entering'
    this.session.ensure(this.path, () => this.join())
  }

  private join(): void {
    const mode = 'ephemeral-sequential'
    this.session.createOnce(childPath(this.path, PREFIX), this.contender, mode, ({ error, value }) => {
      if (value !== undefined) this.joined(value)
      else if (error === 'ConnectionLoss') this.findOwn()
      else this.join()
    })
  }

  /** The answer got lost: the node may be there, and must not be made twice. */
  private findOwn(): void {
    this.session.getChildren(this.path, ({ value }) => this.findAmong(inOrder(value ?? [])))
  }

  private findAmong(children: readonly string[]): void {
    const last = children.at(-1)
    if (last === undefined) {
      this.join()
      return
    }
    const path = childPath(this.path, last)
    this.session.owns(path, (owned) => {
      if (owned) this.joined(path)
      else this.findAmong(children.slice(0, -1))
    })
  }

  private joined(node: string): void {
    this.node = node
    this.state = 'queued'
    this.trace({ kind: 'ElectionEntered', recipe: 'fair', node })
    if (this.wantsIn) this.look()
    else this.leave()
  }

  /** Where it stands in the queue, now that it has come or that the one before has gone. */
  private look(): void {
    this.predecessor = ''
    this.session.getChildren(this.path, ({ value }) => {
      if (this.state !== 'queued') return
      const queue = inOrder(value ?? [])
      const place = queue.indexOf(baseName(this.node))
      if (place < 0) this.rejoin()
      else if (place === 0) this.confirm()
      else this.watch(childPath(this.path, queue[place - 1]!))
    })
  }

  /** Somebody deleted its node. */
  private rejoin(): void {
    this.forget()
    this.begin()
  }

  private confirm(): void {
    this.session.owns(this.node, (owned, stat) => {
      if (this.state !== 'queued') return
      if (!owned) {
        this.rejoin()
        return
      }
      this.state = 'leading'
      this.leadsIn = stat!.czxid
      this.trace({ kind: 'ElectionWon', node: this.node, epoch: stat!.czxid })
      this.listener.elected(this, stat!.czxid)
    })
  }

  private watch(predecessor: string): void {
    this.predecessor = predecessor
    this.session.exists(predecessor, true, ({ value }) => {
      if (this.state !== 'queued' || this.predecessor !== predecessor) return
      if (value === undefined) this.look()
      else this.trace({ kind: 'ElectionLost', watches: predecessor })
    })
  }

  /** If it leads it stops that first, and lets others lead after that. */
  private leave(): void {
    const led = this.leadsIn !== undefined
    this.state = 'resigning'
    this.leadsIn = undefined
    this.trace({ kind: 'ElectionResigned', node: this.node, led })
    if (led) this.listener.deposed(this)
    this.deleteNode(this.node)
  }

  private deleteNode(node: string): void {
    this.session.deleteOnce(node, ({ error }) => {
      if (error !== 'ConnectionLoss') this.left()
      else {
        this.session.owns(node, (owned) => {
          if (owned) this.deleteNode(node)
          else this.left()
        })
      }
    })
  }

  private left(): void {
    this.forget()
    if (this.wantsIn) this.begin()
  }

  private forget(): void {
    this.state = 'out'
    this.node = ''
    this.predecessor = ''
    this.leadsIn = undefined
  }

  private trace(news: ElectionNews): void {
    if (this.host.tracing) this.host.trace({ ...news, contender: this.contender, election: this.path })
  }
}

/** The queue's nodes by their number; other children do not belong to it. All numbers have ten digits. */
const inOrder = (children: readonly string[]): string[] =>
  children.filter((name) => name.startsWith(PREFIX)).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
