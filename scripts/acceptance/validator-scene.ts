/** What the scenario of validators reads: through the commands a user has, and headers of final blocks for the figures. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from '../../src/client/client.ts'
import type { ChainJson, CommitteeJson, HeaderJson } from '../../src/client/types.ts'
import type { ValidatorJson } from '../../src/client/validator-types.ts'
import { runCommand } from '../../src/devnet/processes.ts'
import type { CommandOutput } from '../../src/devnet/processes.ts'
import { newKey, writeKeyFile } from '../../src/node/keys.ts'
import { genesisToJson } from '../../src/params/genesis-json.ts'
import { newGenesis } from '../../src/params/new-genesis.ts'
import { must } from '../../src/primitives/errors.ts'

export const EPOCH_LENGTH = 24
export const FREEZE_DISTANCE = 6
export const INTERVAL_MS = 500
export const CHAINS: readonly ChainJson[] = ['coord', 0]
const LOOK_MS = 250
const PATIENCE_MS = 90_000
const PAGE = 64

/** A genesis of four with short epochs; `icn genesis new` has no option for the length of epochs. @returns its file */
export async function writeNetwork(directory: string, validators: number): Promise<string> {
  const keys = Array.from({ length: validators }, () => newKey('validator'))
  const made = newGenesis({
    preset: 'devnet',
    timeMs: Date.now(),
    shards: 1,
    validators: keys.map(({ publicKey }) => publicKey),
    overrides: {
      epochLength: EPOCH_LENGTH,
      freezeDistance: FREEZE_DISTANCE,
      minBlockIntervalMs: INTERVAL_MS,
      idleIntervalMs: INTERVAL_MS
    }
  })
  if (!made.ok) throw new RangeError(made.detail)
  mkdirSync(join(directory, 'keys'), { recursive: true })
  for (const [index, key] of keys.entries())
    await writeKeyFile(join(directory, 'keys', `validator-${index}.json`), key)
  const file = join(directory, 'genesis.json')
  writeFileSync(file, genesisToJson(made.value))
  return file
}

/** `icn …` against one node, as a user types it. */
export class Commands {
  readonly #rpc: string

  constructor(rpc: string) {
    this.#rpc = rpc
  }

  run(...args: readonly string[]): Promise<CommandOutput> {
    return runCommand([...args, '--rpc', this.#rpc])
  }

  async query<T>(...args: readonly string[]): Promise<T> {
    const { code, stdout, stderr } = await this.run('query', ...args, '--json')
    if (code !== 0) throw new RangeError(`icn query ${args.join(' ')}: ${stderr.trim()}`)
    return JSON.parse(stdout) as T
  }
}

/** @throws RangeError if it does not come about */
export async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const startedMs = performance.now()
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (performance.now() - startedMs > PATIENCE_MS)
      throw new RangeError(`not within ${PATIENCE_MS} ms: ${what}`)
    await delay(LOOK_MS)
  }
}

export interface Sample {
  readonly epoch: number
  /** By the weights of the coordination committee, against an equal share: 1 is the average. */
  readonly share: number
  /** Score as of now, ppm. */
  readonly score: number
}

/** How one validator stands in each epoch of coordination, asked once an epoch through the command line. */
export class Standing {
  readonly samples: Sample[] = []
  readonly #ending = new AbortController()
  readonly #done: Promise<void>

  constructor(client: Client, commands: Commands, validator: string) {
    this.#done = this.#watch(client, commands, validator)
  }

  async #watch(client: Client, commands: Commands, validator: string): Promise<void> {
    while (!this.#ending.signal.aborted) {
      const epoch = await epochOf(client)
      if (epoch !== undefined && epoch !== this.samples.at(-1)?.epoch) {
        const [committee, facts] = await Promise.all([
          commands.query<CommitteeJson>('validators', 'coord', String(epoch)),
          commands.query<ValidatorJson>('validator', validator)
        ])
        const score = facts.scores.find(({ chain }) => chain === 'coord')?.ppm ?? 0
        this.samples.push({ epoch, share: shareOf(committee, validator), score })
      }
      await delay(LOOK_MS, undefined, { signal: this.#ending.signal }).catch(() => undefined)
    }
  }

  async stop(): Promise<void> {
    this.#ending.abort()
    await this.#done
  }
}

/** Where the next block of coordination belongs. */
async function epochOf(client: Client): Promise<number | undefined> {
  const { epoch } = await client.call('chain_leaders', { chain: 'coord', count: 1 })
  return epoch
}

function shareOf({ validators }: CommitteeJson, validator: string): number {
  const total = validators.reduce((sum, { weight }) => sum + weight, 0)
  const own = validators.find((member) => member.validator === validator)?.weight ?? 0
  return Math.round((100 * own * validators.length) / total) / 100
}

/** All headers from a height on, up to the newest final one. */
export async function headersFrom(client: Client, chain: ChainJson, first: number): Promise<HeaderJson[]> {
  const { asOf } = await client.call('chain_head', { chain })
  const headers: HeaderJson[] = []
  for (let from = first; from <= asOf.height; from += PAGE) {
    const limit = Math.min(PAGE, asOf.height - from + 1)
    const { blocks } = await client.call('chain_blocks', { chain, from, limit })
    headers.push(...blocks.map(({ header }) => header))
  }
  return headers
}

/** Views between these blocks that gave none, those at an end of an epoch not counted. */
export function skippedIn(headers: readonly HeaderJson[]): number {
  return headers.reduce((sum, header, index) => {
    const parent = headers[index - 1]
    return parent === undefined || parent.epoch !== header.epoch ? sum : sum + header.view - parent.view - 1
  }, 0)
}

export interface Boundary {
  readonly epoch: number
  /** From the last block of an epoch to the first of the next. */
  readonly gapMs: number
  /** Views of the new epoch that gave no block before it. */
  readonly skipped: number
}

export function boundariesOf(headers: readonly HeaderJson[]): Boundary[] {
  return headers.flatMap((header, index) => {
    const parent = headers[index - 1]
    if (parent === undefined || parent.height === 0 || parent.epoch === header.epoch) return []
    return [{ epoch: header.epoch, gapMs: header.timeMs - parent.timeMs, skipped: header.view - 1 }]
  })
}

/** Blocks of a proposer. */
export const ledBy = (headers: readonly HeaderJson[], validator: string): HeaderJson[] =>
  headers.filter(({ proposer }) => proposer === validator)

/** Whether a validator's vote stands in the certificate of a block. */
export async function votedFor(client: Client, header: HeaderJson, validator: string): Promise<boolean> {
  const { chain, height, epoch } = header
  const { certificate } = await client.call('chain_certificate', { chain, height })
  if (certificate.epoch !== epoch) return false
  const { validators } = await client.call('validator_list', { chain, epoch })
  return certificate.signers.some((place) => must(validators[place], 'a member').validator === validator)
}
