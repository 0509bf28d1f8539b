/**
 * The unfair race: below a persistent parent all contenders try to create one ephemeral node, `leader`. Who creates it
 * leads. The others set an exists watch on it, all on the same node: when it is gone they wake all at once and race
 * again (the herd). Nobody has a turn. A leader resigns by deleting the node; if it dies its session ends, and the node
 * goes with it.
 */
import type { Digest, Host } from '../../host/index.ts'
import type { WatchedEvent } from '../client/watched-event.ts'
import { childPath } from '../tree/path.ts'
import type { Zxid } from '../zxid.ts'
import type { Election, ElectionListener, ElectionNews } from './election.ts'
import type { RecipeSession } from './recipe-session.ts'

/** out → racing → leading, or waiting for the leader's node to go. */
type State = 'out' | 'racing' | 'leading' | 'waiting' | 'resigning'

export class UnfairRace implements Election {
  readonly path: string
  private readonly host: Host
  private readonly session: RecipeSession
  private readonly contender: string
  private readonly listener: ElectionListener
  private readonly node: string
  private state: State = 'out'
  private wantsIn = false
  private leadsIn: Zxid | undefined

  constructor(host: Host, session: RecipeSession, contender: string, path: string, listener: ElectionListener) {
    this.host = host
    this.session = session
    this.contender = contender
    this.path = path
    this.node = childPath(path, 'leader')
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
    if (this.state === 'leading') this.stepDown()
    else if (this.state === 'waiting') this.leave()
  }

  expired(): void {
    const epoch = this.leadsIn
    this.leadsIn = undefined
    this.state = 'out'
    if (epoch === undefined) return
    this.trace({ kind: 'LeadershipExpired', epoch })
    this.listener.deposed(this)
  }

  opened(): void {
    if (this.wantsIn && this.state === 'out') this.begin()
  }

  watched(event: Exclude<WatchedEvent, { type: 'None' }>): void {
    if (event.path !== this.node || this.state !== 'waiting') return
    // Anything but a deletion has only used the watch up.
    if (event.type !== 'NodeDeleted') {
      this.wait()
      return
    }
    this.trace({ kind: 'ElectionWoken', watched: this.node })
    this.race()
  }

  digest(d: Digest): void {
    d.string(this.path)
      .string(this.state)
      .boolean(this.wantsIn)
      .int(this.leadsIn ?? -1)
  }

  private begin(): void {
    this.state = 'racing'
    this.trace({ kind: 'ElectionEntered', recipe: 'unfair', node: this.node })
    this.session.ensure(this.path, () => this.race())
  }

  private race(): void {
    this.state = 'racing'
    this.session.create(this.node, this.contender, 'ephemeral', ({ error }) => {
      if (error === 'OK') this.confirm()
      else this.wait()
    })
  }

  private confirm(): void {
    this.session.owns(this.node, (owned, stat) => {
      if (owned) this.won(stat!.czxid)
      else this.wait()
    })
  }

  /** Somebody was faster, or it was this contender itself and the answer got lost. */
  private wait(): void {
    if (!this.wantsIn) {
      this.leave()
      return
    }
    this.session.exists(this.node, true, ({ value }) => {
      if (value === undefined) this.race()
      else if (value.ephemeralOwner === this.session.id) this.won(value.czxid)
      else {
        this.state = 'waiting'
        this.trace({ kind: 'ElectionLost', watches: this.node })
      }
    })
  }

  private won(epoch: Zxid): void {
    this.state = 'leading'
    this.leadsIn = epoch
    this.trace({ kind: 'ElectionWon', node: this.node, epoch })
    this.listener.elected(this, epoch)
    // It was told to resign while its node was on the way.
    if (!this.wantsIn) this.stepDown()
  }

  /** It stops leading first, and lets others lead after that. */
  private stepDown(): void {
    this.state = 'resigning'
    this.leadsIn = undefined
    this.trace({ kind: 'ElectionResigned', node: this.node, led: true })
    this.listener.deposed(this)
    this.deleteNode()
  }

  private deleteNode(): void {
    this.session.deleteOnce(this.node, ({ error }) => {
      if (error !== 'ConnectionLoss') this.left()
      else {
        // The node that is there now may be somebody else's: look before deleting again.
        this.session.owns(this.node, (owned) => {
          if (owned) this.deleteNode()
          else this.left()
        })
      }
    })
  }

  private leave(): void {
    this.trace({ kind: 'ElectionResigned', node: this.node, led: false })
    this.left()
  }

  private left(): void {
    this.state = 'out'
    if (this.wantsIn) this.begin()
  }

  private trace(news: ElectionNews): void {
    if (this.host.tracing) this.host.trace({ ...news, contender: this.contender, election: this.path })
  }
}
