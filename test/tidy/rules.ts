/** Rule ids: where they are defined, and which tests and vectors state them. */
import { sourcesBelow, withoutComments } from './sources.ts'

/** A rule begins with its id in bold. */
const DEFINED = /\*\*([A-Z]{1,4}-?\d+)\b/g
const NAMED = /(?<![A-Z0-9-])[A-Z]{1,4}-?\d+(?!\d)/g

/** Id → the page that defines it. */
export function definedRules(): Map<string, string> {
  const rules = new Map<string, string>()
  for (const { path, text } of sourcesBelow('protocols', '.md')) {
    for (const [, id = ''] of text.matchAll(DEFINED)) {
      const before = rules.get(id)
      rules.set(id, before === undefined || before === path ? path : `${before} and ${path}`)
    }
  }
  return rules
}

/** Ids that stand in a title or another string of a test, or in a vector. Comments do not count. */
export function statedRules(): Set<string> {
  const stated = new Set<string>()
  for (const { path, text } of sourcesBelow('test', '.spec.ts')) {
    if (path === 'test/tidy.spec.ts') continue
    for (const [string] of withoutComments(text).matchAll(/'[^'\n]*'|`[^`]*`/g)) {
      for (const [id] of string.matchAll(NAMED)) stated.add(id)
    }
  }
  for (const { text } of sourcesBelow('protocols/vectors', '.json')) {
    for (const [id] of text.matchAll(NAMED)) stated.add(id)
  }
  return stated
}

/**
 * Rules that no test states yet. This list may only shrink: a rule that a test states by now must leave it, and a new
 * rule must not enter it.
 */
export const NOT_STATED_YET: readonly string[] = []
