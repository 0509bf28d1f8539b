/** The world on a wall clock. */
export { type NodeFileOptions, NodeFileSystem } from './node-files.ts'
