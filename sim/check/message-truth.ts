/** What is known of one application message, by its name, from hand-over to its attempts. */
export interface MessageTruth {
  readonly name: string
  readonly client: string
  readonly handedSeq: number
  readonly handedUs: number
  /** Times that applications handed over a message of this name. */
  handings: number
  /** Most attempts that one hand-over took. */
  attempts: number
  /** Record of the first append by a leader, or of the first failed attempt; infinite until then. */
  touchedSeq: number
}
