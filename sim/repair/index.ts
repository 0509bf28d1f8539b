/** Recovery of real log directories, tried out or done. */
export { type RepairedLog, type RepairOptions, repairLogs } from './repair.ts'
