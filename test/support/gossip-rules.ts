/** The rule tables of protocols/gossip.md, for tests that want a row for each. */
import { readText } from './repository.ts'

/** Names in the first column of a section's table whose verdict is not accept. */
export function refusingRules(section: string): string[] {
  const text = readText('protocols/gossip.md')
  const from = text.indexOf(`**${section}**`)
  const rules: string[] = []
  let inTable = false
  for (const line of text.slice(from).split('\n')) {
    if (!line.startsWith('|')) {
      if (inTable) break
      continue
    }
    inTable = true
    const [, names = '', verdict = ''] = line.split('|')
    if (verdict.trim().startsWith('accept')) continue
    for (const [, name] of names.matchAll(/`([a-z-]+)`/g)) if (name !== undefined) rules.push(name)
  }
  return rules
}
