/** Trace events of the election recipes: what a contender goes through. `election` is the persistent parent's path. */
import type { Zxid } from '../zxid.ts'

export type ElectionRecipe = 'unfair' | 'fair'

export type ElectionEvent =
  /** `node`: fair: the contender's own node in the queue; unfair: the node that all of them race for. */
  | {
      readonly kind: 'ElectionEntered'
      readonly contender: string
      readonly election: string
      readonly recipe: ElectionRecipe
      readonly node: string
    }
  /** Its node stands and leads. `epoch` is the zxid that created the node: it rises from leader to leader. */
  | {
      readonly kind: 'ElectionWon'
      readonly contender: string
      readonly election: string
      readonly node: string
      readonly epoch: Zxid
    }
  /** Somebody else leads; it has set a watch on `watches`. */
  | {
      readonly kind: 'ElectionLost'
      readonly contender: string
      readonly election: string
      readonly watches: string
    }
  /** The watch fired: the watched node is gone, and the contender tries again. */
  | {
      readonly kind: 'ElectionWoken'
      readonly contender: string
      readonly election: string
      readonly watched: string
    }
  /** It gave up its place by deleting its node. */
  | {
      readonly kind: 'ElectionResigned'
      readonly contender: string
      readonly election: string
      readonly node: string
      readonly led: boolean
    }
  /** Its session is over, and it has just been told: until this moment it believed that it led. */
  | {
      readonly kind: 'LeadershipExpired'
      readonly contender: string
      readonly election: string
      readonly epoch: Zxid
    }
