/** Who must know of the partitions that a broker comes to lead, or leads no more: the coordinators. */
export interface LeadershipListener {
  /** This broker has just become the leader, or leads on in a new epoch. */
  becameLeader(topic: string, partition: number): void
  /**
   * This broker has just become a follower, or follows on.
   * @param wasLeader it led the partition until now
   */
  becameFollower(topic: string, partition: number, wasLeader: boolean): void
  /** A whole LeaderAndIsr request is done: who leads now, and who follows another leader than before. */
  changed(leaders: readonly PartitionName[], followers: readonly PartitionName[]): void
}

export interface PartitionName {
  readonly topic: string
  readonly partition: number
  readonly leaderEpoch: number
}
