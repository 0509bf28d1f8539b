/**
 * ZooKeeper's error names and codes (org.apache.zookeeper.KeeperException.Code). `ConnectionLoss` is made by the client
 * library and says that the outcome is unknown: the write may have happened.
 */
export const ZK_ERROR_CODES = {
  OK: 0,
  SystemError: -1,
  RuntimeInconsistency: -2,
  ConnectionLoss: -4,
  MarshallingError: -5,
  Unimplemented: -6,
  OperationTimeout: -7,
  BadArguments: -8,
  NoNode: -101,
  BadVersion: -103,
  NoChildrenForEphemerals: -108,
  NodeExists: -110,
  NotEmpty: -111,
  SessionExpired: -112,
  SessionMoved: -118,
} as const

export type ZkError = keyof typeof ZK_ERROR_CODES

/** What an operation ended with; `value` is there exactly when the operation has a result and `error` is `OK`. */
export interface ZkResult<T> {
  readonly error: ZkError
  readonly value?: T
}
