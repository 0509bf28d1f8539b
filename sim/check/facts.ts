/**
 * What happened in a run that bears on promises: faults, elections outside the ISR, and traces of the known weaknesses
 * of a protocol version. Oracles explain by them why a violation was permitted; without evidence there is no excuse.
 */

/** Counted for the run, for each partition, and for each replica since it last had all that was committed. */
export interface Evidence {
  /** A leader was elected from outside the ISR. */
  uncleanElections: number
  /** The last member left an ISR: whoever comes first may lead next (M06). */
  emptiedIsrs: number
  /** A broker found less in its log at start than it had written. */
  shortenedLogs: number
  /** Bit rot and misdirected writes on brokers. */
  diskFaults: number
  /** A follower cut off committed messages on its way to follow a leader (M07, M08). */
  committedCutOff: number
  /** A follower whose leader did not know the follower's latest epoch cut back to its own high watermark (KAFKA-7415). */
  unknownEpochCuts: number
  /** A member of the ISR cut off messages, committed or not, on its way to follow a leader: it had confirmed them before. */
  confirmedCutOff: number
  /** A replica entered the ISR without all committed messages (M10, M26). */
  incompleteJoins: number
  /**
   * A leader took a follower's position for good although just before it the follower has a message of another leader
   * epoch than the leader has (M09, M11, M12). Two messages of one epoch at one offset are never excused.
   */
  divergentFollowers: number
  /** A replica threw its log away and began anew (M20). */
  wipedLogs: number
}

export interface RunFacts extends Evidence {
  /** Brokers whose power failed with bytes not yet synced. */
  powerLosses: number
  /** Broker processes that ended without being asked to. */
  crashes: number
  /** Attempts after the first, by client. */
  readonly retries: Map<string, number>
  /** Failed attempts that may have been appended all the same, by client. */
  readonly doubtful: Map<string, number>
  /** Times that an idempotent producer gave up its id or ended its epoch, by client. */
  readonly resetSequences: Map<string, number>
}

export const noEvidence = (): Evidence => ({
  uncleanElections: 0,
  emptiedIsrs: 0,
  shortenedLogs: 0,
  diskFaults: 0,
  committedCutOff: 0,
  unknownEpochCuts: 0,
  confirmedCutOff: 0,
  incompleteJoins: 0,
  divergentFollowers: 0,
  wipedLogs: 0,
})

export const noFacts = (): RunFacts => ({
  ...noEvidence(),
  powerLosses: 0,
  crashes: 0,
  retries: new Map(),
  doubtful: new Map(),
  resetSequences: new Map(),
})
