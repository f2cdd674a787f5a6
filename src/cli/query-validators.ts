/** `icn query` about who leads and votes, and what was proven against whom. */
import type { Command } from 'commander'
import { tokenText } from '../primitives/tokens.ts'
import type { OffenceJson, ValidatorJson } from '../client/validator-types.ts'
import { CliError } from './cli-error.ts'
import { add, asOf, chainOf } from './query-command.ts'

export function registerValidators(query: Command): void {
  registerCommittees(query)
  registerConduct(query)
}

function registerCommittees(query: Command): void {
  add(
    query,
    ['validators <chain> [epoch]', 'committee of an epoch, the running one if none is given'],
    (client, [chain = '', epoch = '']) =>
      client.call('validator_list', { chain: chainOf(chain), ...epochOf(epoch) }),
    ({ chain, epoch, n, quorum, f, k, diversity, why, validators }) => [
      `chain ${chain}, epoch ${epoch}: n ${n}, quorum ${quorum}, f ${f}, cooperatives in a quorum ${k}, diversity ${diversity}`,
      ...why.map((line) => `  ${line}`),
      ...validators.map(({ index, validator, cooperative, weight }) => {
        return `${index} ${validator} cooperative ${cooperative} weight ${weight}`
      })
    ]
  )
  add(
    query,
    ['epoch <chain> [epoch]', 'seed, heights and committee size of an epoch'],
    (client, [chain = '', epoch = '']) =>
      client.call('epoch_get', { chain: chainOf(chain), ...epochOf(epoch) }),
    ({ chain, epoch, seed, coordHeights, n, quorum }) => [
      `chain ${chain}, epoch ${epoch}: coordination heights ${coordHeights.first} to ${coordHeights.last}, the next one is frozen at ${coordHeights.freeze}`,
      `seed ${seed}`,
      `n ${n}, quorum ${quorum}`
    ]
  )
  add(
    query,
    ['leaders <chain> [count]', 'who leads the next views (10 if no count is given)'],
    (client, [chain = '', count = '']) =>
      client.call('chain_leaders', { chain: chainOf(chain), count: countOf(count, 10) }),
    ({ chain, epoch, leaders }) => [
      `chain ${chain}, epoch ${epoch}`,
      ...leaders.map(({ view, validator }) => `view ${view} ${validator}`)
    ]
  )
}

function registerConduct(query: Command): void {
  add(
    query,
    ['validator <key>', 'score with its factors, seats, history and sanction of a validator'],
    (client, [validator = '']) => client.call('validator_get', { validator }),
    validatorLines
  )
  add(
    query,
    ['ranking [category]', 'validators by social reputation, in one category or in all'],
    (client, [category = '']) =>
      client.call('validator_rank', { limit: 50, ...(category === '' ? {} : { category }) }),
    ({ category, validators, asOf: place }) => [
      `category ${category}`,
      ...validators.map(({ rank, validator, cooperative, value }) => {
        return `${rank} ${validator} cooperative ${cooperative} ${millionths(value)}`
      }),
      asOf(place)
    ]
  )
  add(
    query,
    ['evidence [limit]', 'proven offences, the newest first (20 if no limit is given)'],
    (client, [limit = '']) => client.call('evidence_list', { limit: countOf(limit, 20) }),
    ({ count, waiting, offences, asOf: place }) => [
      `${count} proven, ${waiting} waiting here`,
      ...offences.flatMap(offenceLines),
      asOf(place)
    ]
  )
  add(
    query,
    ['cooperatives', 'cooperatives with their validators'],
    (client) => client.call('cooperative_list', {}),
    ({ cooperatives, asOf: place }) => [
      ...cooperatives.map(({ number, name, validators }) => {
        return `${number} ${name}: ${validators.length} validators ${validators.join(' ')}`.trimEnd()
      }),
      asOf(place)
    ]
  )
}

function validatorLines(answer: ValidatorJson): string[] {
  const { validator, cooperative, registration, stake, seats, scores, history, sanction } = answer
  const { day, recent } = history
  return [
    `${validator} cooperative ${cooperative}, ${registration?.status ?? 'not registered'}`,
    ...registrationLines(registration),
    `stake: consumer ${tokenText(stake.consumer)}, industrial ${tokenText(stake.industrial)}`,
    ...seats.map(({ chain, epoch, index, weight }) => {
      return `seat ${index} on chain ${chain} in epoch ${epoch}, weight ${weight}`
    }),
    ...scores.map(({ chain, ppm, factors, cooldown, ineligible }) => {
      const parts = Object.entries(factors).map(([name, value]) => `${name} ${millionths(value)}`)
      const leads = ineligible === undefined ? `cooldown ${cooldown}` : `does not lead: ${ineligible}`
      return `score on chain ${chain}: ${millionths(ppm)} = ${parts.join(' · ')}; ${leads}`
    }),
    `views ${history.validations} ever, ${recent.successes} of the last ${recent.views} used`,
    `last day: attended ${day.attended}, missed ${day.missed}, led ${day.led}, skipped ${day.skipped}`,
    ...(history.excludedFrom === undefined ? [] : [`excluded from epoch ${history.excludedFrom} on`]),
    sanctionLine(sanction),
    asOf(answer.asOf)
  ]
}

function registrationLines(registration: ValidatorJson['registration']): string[] {
  if (registration === undefined) return []
  const { since, joined, ready, leases } = registration
  return [
    `joined at height ${joined}, status since ${since}, ${ready === 0 ? 'never said that it is ready' : `ready at ${ready}`}`,
    ...leases.map(({ shard, until }) => `lease of shard ${shard} until height ${until}`)
  ]
}

function sanctionLine({ level, offences, recoversAtEpoch, penalty, slashed }: ValidatorJson['sanction']) {
  if (offences === 0) return 'no sanction'
  const ends =
    level === 3 ? ', for good' : recoversAtEpoch === undefined ? '' : `, until epoch ${recoversAtEpoch}`
  const stake = `stake taken: consumer ${tokenText(slashed.consumer)}, industrial ${tokenText(slashed.industrial)}`
  return `sanction level ${level}${ends}; offences ${offences}, points lost ${millionths(Number(penalty))}, ${stake}`
}

const offenceLines = ({ id, validator, chain, epoch, view, kind, height, level, disputes }: OffenceJson) => [
  `${id} ${kind} by ${validator} on chain ${chain}, epoch ${epoch}, view ${view}; proven at height ${height}${level === 0 ? '' : `, level ${level}`}`,
  ...disputes.map(
    ({ sender, textHash, height: at }) => `  disputed by ${sender} at height ${at}: text ${textHash}`
  )
]

const millionths = (value: number): string => (value / 1_000_000).toString()

const epochOf = (text: string): { epoch?: number } => (text === '' ? {} : { epoch: countOf(text, 0) })

function countOf(text: string, absent: number): number {
  if (text === '') return absent
  if (!/^\d{1,15}$/.test(text)) throw new CliError(`${text} is no count`)
  return Number(text)
}
