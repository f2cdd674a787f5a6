/** Error and refusal codes: those the sources use, and the pages that explain them. */
import { sourcesBelow, withoutComments } from './sources.ts'

/** Codes of thrown errors, of verdicts, and rules of gossip verdicts. */
const USED = [
  /\bcode: '([A-Z][A-Z0-9_]+)'/g,
  /\b(?:refuse|rejected|ignored|accepted)\(\s*'([a-zA-Z0-9_-]+)'/g
]

/** Code → the file that uses it. The simulator and the devnet speak to nobody outside. */
export function usedCodes(): Map<string, string> {
  const codes = new Map<string, string>()
  for (const { path, text } of sourcesBelow('src')) {
    if (path.startsWith('src/testing/')) continue
    for (const pattern of USED) {
      for (const [, code = ''] of withoutComments(text).matchAll(pattern)) codes.set(code, path)
    }
  }
  return codes
}

/** Every word in `code font` of the pages for operators and of the specification, and first cells of their tables. */
export function documentedCodes(): Set<string> {
  const words = new Set<string>()
  for (const { text } of [...sourcesBelow('docs', '.md'), ...sourcesBelow('protocols', '.md')]) {
    for (const [, code = ''] of text.matchAll(/`([a-zA-Z0-9_-]+)`/g)) words.add(code)
    for (const [, cell = ''] of text.matchAll(/^\| ([A-Z][A-Z0-9_, ]+) \|/gm)) {
      for (const code of cell.split(', ')) words.add(code)
    }
  }
  return words
}
