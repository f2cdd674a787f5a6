/** The vectors of succession (EPO-13 to EPO-15) and of hash chains (REG-14): every choice follows from a label. */
import { DOMAINS } from '../../src/crypto/domains.ts'
import { sha256, sha256Of } from '../../src/crypto/hash.ts'
import { ZERO_HASH, compare, toHex, utf8 } from '../../src/primitives/bytes.ts'
import { minimumOf, succeed } from '../../src/sharding/succession.ts'
import type { Candidate } from '../../src/sharding/succession.ts'
import { revealStep } from '../../src/state/coord/reveals.ts'
import type { Plain } from './plain.ts'

const CASES = 48

/** Bytes of a hash as small numbers: the dice of a case. */
const dice = (label: string): ((sides: number) => number) => {
  const digest = sha256(utf8(label))
  let at = 0
  return (sides) => (digest[at++ % digest.length] ?? 0) % sides
}

function candidateOf(label: string): Candidate {
  const roll = dice(label)
  return {
    key: sha256(utf8(`key of ${label}`)),
    cooperative: roll(5),
    weight: 1 + roll(3),
    isSitting: roll(3) > 0,
    isReady: roll(3) > 0,
    leavingSince: roll(5) === 0 ? roll(4) : undefined,
    isAbsent: roll(6) === 0,
    isSanctioned: roll(9) === 0
  }
}

function successionCase(number: number): Plain {
  const label = `succession ${number}`
  const count = 1 + dice(label)(16)
  const candidates = Array.from({ length: count }, (_, index) => candidateOf(`${label}, ${index}`))
  const sitting = candidates.filter(({ isSitting }) => isSitting).sort((a, b) => compare(a.key, b.key))
  const stranger = { key: sha256(utf8(label)), cooperative: 1, weight: 1 }
  const members = sitting.length > 0 ? sitting : [stranger]
  const willing = candidates.filter((one) => one.leavingSince === undefined && !one.isSanctioned)
  const minimum = minimumOf(willing.length)
  const most = 4 + dice(`${label} most`)(12)
  const next = succeed({ members, degraded: false }, candidates, { minimum, most })
  return {
    name: label,
    minimum,
    most,
    previous: members.map(({ key, cooperative, weight }) => ({ key: toHex(key), cooperative, weight })),
    candidates: candidates.map((one) => ({
      key: toHex(one.key),
      cooperative: one.cooperative,
      weight: one.weight,
      isSitting: Number(one.isSitting),
      isReady: Number(one.isReady),
      leavingSince: one.leavingSince ?? -1,
      isAbsent: Number(one.isAbsent),
      isSanctioned: Number(one.isSanctioned)
    })),
    members: next.members.map(({ key }) => toHex(key)),
    degraded: Number(next.degraded)
  }
}

export const successions = (): Plain => Array.from({ length: CASES }, (_, number) => successionCase(number))

/** From a secret to the tip three steps above it, and the mix after each reveal of the way down. */
export function reveals(): Plain {
  const values = [sha256(utf8('secret'))]
  while (values.length < 4) values.push(revealStep(values.at(-1) ?? ZERO_HASH))
  let mix = ZERO_HASH
  const mixes: Uint8Array[] = []
  for (const value of values.slice(0, -1).reverse()) {
    mix = sha256Of(DOMAINS.mix, mix, value)
    mixes.push(mix)
  }
  return { values: values.map(toHex), mixes: mixes.map(toHex) }
}
