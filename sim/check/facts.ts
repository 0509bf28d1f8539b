/**
 * What happened in a run that bears on promises: faults, elections outside the ISR, and traces of the known weaknesses
 * of a protocol version. Oracles explain by them why a violation was permitted; without evidence there is no excuse.
 */
export interface RunFacts {
  /** A leader was elected from outside the ISR. */
  uncleanElections: number
  /** Brokers whose power failed with bytes not yet synced. */
  powerLosses: number
  /** A broker found less in its log at start than it had written. */
  shortenedLogs: number
  /** Bit rot, misdirected or torn writes, read errors on brokers. */
  diskFaults: number
  /** Broker processes that ended without being asked to. */
  crashes: number
  /** A follower cut off committed messages on its way to follow a leader (M07, M08). */
  committedCutOff: number
  /** A member of the ISR cut off messages, committed or not, on its way to follow a leader: it had confirmed them before. */
  confirmedCutOff: number
  /** A replica entered the ISR without all committed messages (M10, M26). */
  incompleteJoins: number
  /** A leader took a follower's position for good although their logs differ before it (M09, M11, M12). */
  divergentFollowers: number
  /** Acknowledgements for what did not stand at the offset (M13). */
  falseAcknowledgements: number
  /** A replica threw its log away and began anew (M20). */
  wipedLogs: number
  /** Attempts after the first, by client. */
  readonly retries: Map<string, number>
  /** Failed attempts that may have been appended all the same, by client. */
  readonly doubtful: Map<string, number>
}

export const noFacts = (): RunFacts => ({
  uncleanElections: 0,
  powerLosses: 0,
  shortenedLogs: 0,
  diskFaults: 0,
  crashes: 0,
  committedCutOff: 0,
  confirmedCutOff: 0,
  incompleteJoins: 0,
  divergentFollowers: 0,
  falseAcknowledgements: 0,
  wipedLogs: 0,
  retries: new Map(),
  doubtful: new Map(),
})
