/** A contender: one session, and any number of elections in which it takes part. */
import type { Digest, Host } from '../../host/index.ts'
import type { ZooKeeperOptions } from '../client/zookeeper.ts'
import type { Election, ElectionListener } from './election.ts'
import type { ElectionRecipe } from './events.ts'
import { FairQueue } from './fair-queue.ts'
import { RecipeSession } from './recipe-session.ts'
import { UnfairRace } from './unfair-race.ts'

export interface ContenderOptions extends ZooKeeperOptions {
  /** Its name, which is also the data of its nodes. */
  readonly name: string
  readonly recipe: ElectionRecipe
  /** Persistent parents, one an election. */
  readonly elections: readonly string[]
}

export class Contender {
  readonly elections: readonly Election[]
  private readonly session: RecipeSession

  constructor(host: Host, options: ContenderOptions, listener: ElectionListener) {
    this.session = new RecipeSession(host, options, {
      opened: () => {
        for (const election of this.elections) election.opened()
      },
      expired: () => {
        for (const election of this.elections) election.expired()
      },
      watched: (event) => {
        for (const election of this.elections) election.watched(event)
      },
    })
    const Recipe = options.recipe === 'fair' ? FairQueue : UnfairRace
    this.elections = options.elections.map((path) => new Recipe(host, this.session, options.name, path, listener))
  }

  /** Opens the session. Nothing is contended for before `enter`. */
  start(): void {
    this.session.start()
  }

  enter(): void {
    for (const election of this.elections) election.enter()
  }

  resign(): void {
    for (const election of this.elections) election.resign()
  }

  /** Ends the session, and with it whatever it leads. */
  close(done: () => void): void {
    this.session.close(done)
  }

  digest(d: Digest): void {
    for (const election of this.elections) election.digest(d)
    this.session.digest(d)
  }
}
