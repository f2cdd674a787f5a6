/** Words that say nothing, or say that something is not real yet. */

/** Ends of names of types, classes, functions, files and folders. Ask "what does it decide?" and name it so. */
export const BANNED_NAME = /(?:Manager|Helper|Util|Utils|Service|Base|Impl)$/
export const BANNED_FOLDERS = ['utils', 'util', 'helpers', 'common', 'lib', 'managers', 'services', 'misc']

/** Put together from halves, so that this file does not contain what it looks for. */
export const BANNED_WORDS = new RegExp(
  `\\b(?:${[
    ['TO', 'DO'],
    ['FIX', 'ME'],
    ['X', 'XX'],
    ['place', 'holder'],
    ['not imple', 'mented'],
    ['for n', 'ow'],
    ['in production ', 'this'],
    ['simulated? suc', 'cess'],
    ['dum', 'my'],
    ['ha', 'ck']
  ]
    .map((halves) => halves.join(''))
    .join('|')})\\b`,
  'i'
)

/** A test that waits, repeats itself or is switched off says nothing about the program. */
export const BANNED_IN_TESTS = new RegExp(
  [
    String.raw`\b(?:it|describe|context|suite|specify)\.(?:on`,
    String.raw`ly|sk`,
    String.raw`ip)\(|\bthis\.(?:sk`,
    String.raw`ip\(|re`,
    String.raw`tries)|\bset`,
    String.raw`Timeout\(`
  ].join('')
)

const DECLARED = /^(?:export\s+)?(?:abstract\s+)?(?:class|interface|type|function\*?|const|let)\s+(\w+)/gm

export const declaredNames = (text: string): string[] =>
  [...text.matchAll(DECLARED)].map(([, name]) => name ?? '')
