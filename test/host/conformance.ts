/**
 * The conformance suite of `src/host`: the same tests for every world that processes may run in. An arm says how to get
 * such a world; the suite does not know which it has.
 */
export { type FileArm, fileConformance } from './file-conformance.ts'
export { type HostArm, hostConformance } from './host-conformance.ts'
