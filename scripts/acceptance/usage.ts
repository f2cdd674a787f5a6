/** What each scenario of `npm run acceptance` shows, and how long that takes on two idle cores. */

export const SCENARIOS = {
  standard: [2, '200 transfers a second for 50 s, and a follower that joins late'],
  fast: [1, 'finality without a block interval'],
  idle: [1, 'memory of nodes that have nothing to do'],
  max: [2, 'as many transfers as the machine takes'],
  'one-killed': [2, 'a validator of four killed and started again under load'],
  'two-killed': [3, 'two of four killed: nothing is final without a quorum, then all goes on'],
  'all-killed': [2, 'all four killed at once and started again'],
  kills: [3, '55 random kills while transfers and actions cross two shards (ICN_SEED repeats them)'],
  cross: [6, 'four shards, half of the transfers to another one'],
  copied: [2, 'a copy of a data directory beside the original'],
  health: [1, '/health of a node whose cable is cut and put back'],
  hostile: [3, 'hostile peers of every kind beside honest ones, finality before and meanwhile'],
  flood: [6, '1,000 gossiped transactions a second of one peer, half of them invalid'],
  snapshots: [5, 'finality before and while snapshots are made'],
  joins: [12, 'a node that joins 20,000 blocks a shard by blocks and by state'],
  away: [4, 'a validator that was away for 5,000 blocks'],
  peers: [3, 'sync from four slow peers, and beside a liar, a silent and a slower one'],
  validators: [3, 'validators that come, go, fail and cheat, read through the command line'],
  leaks: [4, '2,000 connections that come and go, and what is left of them'],
  steady: [6, 'memory over five minutes of load']
} as const satisfies Readonly<Record<string, readonly [minutes: number, what: string]>>

export type ScenarioName = keyof typeof SCENARIOS

const width = Math.max(...Object.keys(SCENARIOS).map((name) => name.length))

export const USAGE = `acceptance: long scenarios on networks of real processes, each with the figures it has to reach

  npm run acceptance -- [scenario ...]     all of them without a name

${Object.entries(SCENARIOS)
  .map(([name, [minutes, what]]) => `  ${name.padEnd(width)}  ${String(minutes).padStart(2)} min  ${what}`)
  .join('\n')}

Examples:
  npm run acceptance -- standard
  npm run acceptance -- one-killed all-killed

Exit codes: 0 all bars met, 1 one missed, 2 no such scenario.`
