/** Asks our servers for sessions without a client library: one ConnectRequest, one answer, and away. */
import { type Host, SECOND } from '../../../src/host/index.ts'
import { type ZkMessage, ZOOKEEPER_CLIENT_PORT } from '../../../src/zookeeper/index.ts'
import type { Ensemble } from '../../src/zookeeper/ensemble.ts'

export interface SessionRequest {
  /** Empty for a new session. */
  readonly session: string
  readonly password: string
  readonly timeoutMs: number
}

export type SessionAnswer = Extract<ZkMessage, { zk: 'ConnectResponse' }>

const MACHINE = 'front-door'

export class FrontDoor {
  private readonly ensemble: Ensemble
  private host: Host | undefined

  constructor(ensemble: Ensemble) {
    this.ensemble = ensemble
    ensemble.world.addMachine(MACHINE).boot((host) => {
      this.host = host
      return { start() {}, digest() {} }
    })
  }

  /** The answer of the ensemble's first server. */
  knock(request: SessionRequest): SessionAnswer {
    const answers: SessionAnswer[] = []
    this.ensemble.world.call(MACHINE, 'knock', () => {
      const address = { machine: this.ensemble.names[0]!, port: ZOOKEEPER_CLIENT_PORT }
      const connection = this.host!.connect(
        address,
        {
          opened: () => connection.send({ zk: 'ConnectRequest', lastZxidSeen: 0, ...request }, 1),
          received: (message) => {
            answers.push(message as SessionAnswer)
            connection.close()
          },
          closed: () => {},
        },
        10 * SECOND,
      )
    })
    this.ensemble.until('an answer about a session', () => answers.length > 0)
    return answers[0]!
  }
}
