/** Versions of Fetch that the consumers of a release send, at most (`ApiKeys.java`; before 0.10.1 `FetchRequest.scala`). */
import type { PresetName } from '../versions.ts'

export const fetchVersions: Readonly<Record<PresetName, number>> = {
  '0.8.0': 0,
  '0.8.1': 0,
  '0.8.2': 0,
  '0.9': 1,
  '0.10.2': 3,
  '0.11': 5,
  '1.1': 7,
  '2.0': 8,
  '2.1': 10,
  '2.4': 11,
  '2.7': 12,
  '2.8': 12,
  '3.3': 13,
  '3.5': 15,
  '3.7': 16,
  '4.1': 18,
}
