/**
 * What the controller throws to itself where Kafka throws an exception that one of its own `catch` clauses swallows:
 * the step is given up, the procedure around it goes on. These are behaviour of 0.8.2, not bugs of ours, so they are a
 * class of their own that never hides an `InvariantError`. `core/src/main/scala/kafka/common/`, release 0.8.2.2.
 */
export type RefusalKind =
  /** StateChangeFailedException, IllegalStateException, and the "key not found" of a Scala map. */
  | 'state-change-failed'
  /** NoReplicaOnlineException */
  | 'no-replica-online'
  /** LeaderElectionNotNeededException */
  | 'election-not-needed'
  /** ControllerMovedException */
  | 'controller-moved'
  /** BrokerNotAvailableException */
  | 'broker-not-available'
  /** StaleBrokerEpochException, from 2.2. */
  | 'stale-broker-epoch'

export class Refusal extends Error {
  readonly kind: RefusalKind
  constructor(kind: RefusalKind, message: string) {
    super(message)
    this.name = 'Refusal'
    this.kind = kind
  }
}

/** For `catch` clauses: gives back a refusal, throws anything else on. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  throw error
}

/** Parses what somebody wrote into ZooKeeper by hand; what cannot be read is refused. */
export function parsed<T>(what: string, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) {
      throw new Refusal('state-change-failed', `${what} cannot be read: ${error.message}`)
    }
    throw error
  }
}
