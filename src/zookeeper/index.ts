/** ZooKeeper: servers of an ensemble, and the client libraries. */

export type { WatchedEvent } from './client/watched-event.ts'
export {
  type ChildListener,
  type DataListener,
  type StateListener,
  ZkClient,
  type ZkClientOptions,
} from './client/zk-client.ts'
export { ZooKeeper, type ZooKeeperOptions } from './client/zookeeper.ts'
export { ZK_ERROR_CODES, type ZkError, type ZkResult } from './errors.ts'
export * from './events.ts'
export { zkMessageBytes } from './message-size.ts'
export {
  describeZkMessage,
  type Notification,
  type Vote,
  type ZkMessage,
  ZOOKEEPER_CLIENT_PORT,
  ZOOKEEPER_ELECTION_PORT,
  ZOOKEEPER_PEER_PORT,
} from './messages.ts'
export type { ClientOperation, MultiPart, MultiResult, OperationResult } from './operation.ts'
export {
  type ElectionFactory,
  type ElectionOptions,
  FastLeaderElection,
  type LeaderElection,
} from './quorum/fast-leader-election.ts'
export type { EnsembleMember, ZooKeeperServerOptions } from './quorum/peer.ts'
export * from './recipes/index.ts'
export type { WatchEventType } from './server/watch-table.ts'
export { ZooKeeperServer } from './server/zookeeper-server.ts'
export type { DataTree } from './tree/data-tree.ts'
export { baseName, childPath, parentPath } from './tree/path.ts'
export type { CreateMode, ZkStat, Znode } from './tree/znode.ts'
export * from './zxid.ts'
