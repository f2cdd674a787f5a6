/** A refused genesis in one line, for whoever gave the file. */
import type { Refusal } from '../primitives/result.ts'

/** Parameters come and go between versions, and a network keeps those it began with. */
const OTHER_VERSION: ReadonlySet<string> = new Set(['parameter-missing', 'parameter-unknown'])

/** @param remedy what to do about a file that another version of the program wrote */
export function describeRefusal(
  file: string,
  { code, detail }: Refusal<string>,
  remedy = 'use that version, or begin a new network'
): string {
  const line = `${file}: ${code}: ${detail}`
  return OTHER_VERSION.has(code) ? `${line} (written by another version of icn: ${remedy})` : line
}
