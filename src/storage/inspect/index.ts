/** Looking at the files of a log from outside: what `trial log` is made of. Runs wherever a `FileSystem` is. */
export { type DumpItem, type DumpOptions, type DumpSink, dumpFile } from './dump.ts'
export { OPENED_BYTES_MAX } from './each-record.ts'
export { ENTRY_BYTES_MAX } from './entry-walk.ts'
export type { Halving, HalvingStep } from './halving.ts'
export {
  firstMagicOf,
  isPartitionDirectory,
  type LogDirectory,
  type PartitionDirectory,
  readLogDirectory,
  readPartitionDirectory,
} from './log-directory.ts'
export {
  type FileKind,
  fileKindOf,
  isCompactedTopic,
  type SegmentFileKind,
  segmentFileName,
  segmentFileOf,
} from './log-files.ts'
export {
  type IndexSearch,
  type LookupLimits,
  lookupOffset,
  type OffsetLookup,
  type Scan,
  type ScannedEntry,
  type SegmentSearch,
} from './lookup.ts'
export { lookupTimestamp, type SegmentTime, type TimeIndexSearch, type TimeLookup } from './lookup-time.ts'
export { type ReadProblem, readRecordsOf } from './read-records.ts'
export type { ProducerEntry } from './snapshot-file.ts'
export { verifyLogDirectory } from './verify/directory.ts'
export { type Finding, type FindingCode, Findings } from './verify/findings.ts'
export { type PartitionSummary, verifyFile, verifyPartition } from './verify/partition.ts'
export type { VerifyOptions } from './verify/segment.ts'
export type { BrokerSettings } from './verify/settings-check.ts'
