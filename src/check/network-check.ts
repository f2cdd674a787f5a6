/**
 * The check of one network: chain by chain over all directories, the coordination chain first because shards refer to
 * it, then each node's own database. The directory with the longest chain comes first, so others find it known.
 */
import { COORD, chainName } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { buildChainGenesis } from '../chain/genesis-block.ts'
import type { Verifier } from '../crypto/ports.ts'
import { networkId } from '../params/genesis.ts'
import type { Genesis } from '../params/genesis.ts'
import type { GenesisConstants } from '../state/types.ts'
import { dataPaths } from '../node/data-dir.ts'
import { ChainAgreement } from './across.ts'
import { SignatureCheck } from './certificates.ts'
import { checkChainRows } from './chain-rows.ts'
import { StoppedDatabase } from './database.ts'
import type { DataDirectory } from './directory.ts'
import { DamagedDatabase } from './errors.ts'
import type { FindingLog } from './findings.ts'
import { ChainHistory } from './history.ts'
import { CHAIN_ROWS } from './layout.ts'
import { checkNode } from './node-rows.ts'
import { checkState } from './state-rows.ts'
import { SignedStatements } from './statements.ts'
import { learnEpochs, readEarliest } from './light-epochs.ts'
import { walkChain } from './walk.ts'

export interface Progress {
  readonly directory: string
  /** `node`, `coord`, `0`, …. */
  readonly database: string
  readonly height: number
}

interface Opened {
  readonly directory: DataDirectory
  readonly database: StoppedDatabase
  /** Height of the highest header row; -1 without one. */
  readonly last: number
}

export class NetworkCheck {
  readonly #genesis: Genesis
  readonly #constants: GenesisConstants
  readonly #coordGenesis: Uint8Array
  readonly #verifier: Verifier
  readonly #log: FindingLog
  readonly #statements = new SignedStatements()
  readonly #signatures: SignatureCheck
  readonly #onProgress: (progress: Progress) => void

  constructor(
    genesis: Genesis,
    components: { verifier: Verifier; log: FindingLog; onProgress: (progress: Progress) => void }
  ) {
    this.#genesis = genesis
    const { shards, params } = genesis
    const network = networkId(genesis)
    this.#constants = { network, shards, payloadBytesMax: params.payloadBytesMax }
    this.#coordGenesis = buildChainGenesis(genesis, COORD).block.hash
    this.#verifier = components.verifier
    this.#log = components.log
    this.#onProgress = components.onProgress
    this.#signatures = new SignatureCheck(network, components.verifier, this.#statements)
  }

  async run(directories: readonly DataDirectory[]): Promise<void> {
    const chains = new Set(directories.flatMap(({ databases }) => databases))
    const shards = [...chains].filter((chain) => chain !== COORD).sort((a, b) => a - b)
    for (const chain of [COORD, ...shards]) await this.#checkChain(chain, directories)
    for (const directory of directories) await this.#checkNode(directory)
  }

  async #checkChain(chain: ChainId, directories: readonly DataDirectory[]): Promise<void> {
    const history = new ChainHistory(this.#genesis, chain, this.#verifier)
    const agreement = new ChainAgreement()
    const holders = directories.filter(({ databases }) => databases.includes(chain))
    const opened: Opened[] = []
    try {
      for (const directory of holders) {
        const database = await this.#open(
          directory,
          chainName(chain),
          dataPaths(directory.path).chainDatabase(chain)
        )
        if (database === undefined) continue
        opened.push({ directory, database, last: await lastHeight(database) })
      }
      opened.sort((a, b) => b.last - a.last)
      for (const { directory, database } of opened) {
        await this.#guardDamage(directory, chainName(chain), async () => {
          await this.#checkOne({ chain, directory, database, history, agreement })
        })
      }
    } finally {
      await Promise.all(opened.map(async ({ database }) => database.close()))
    }
  }

  async #checkOne(one: {
    chain: ChainId
    directory: DataDirectory
    database: StoppedDatabase
    history: ChainHistory
    agreement: ChainAgreement
  }): Promise<void> {
    const { chain, directory, database, history, agreement } = one
    const { path, epochs, chains } = directory
    const name = chainName(chain)
    const report = this.#log.of(path, name)
    const shared = { directory: path, database, epochs, report, signatures: this.#signatures }
    const onProgress = (height: number): void => this.#onProgress({ directory: path, database: name, height })
    const coord = chains.get(COORD)
    const earliest = readEarliest(database)
    if (earliest > 0 && chain === COORD) {
      await learnEpochs({ ...shared, genesis: this.#genesis, network: this.#constants.network })
    }
    const walked = await walkChain({ ...shared, chain, history, coord, earliest, onProgress })
    chains.set(chain, walked)
    agreement.compare(path, walked, report)
    await checkChainRows({
      ...shared,
      walked,
      network: this.#constants.network,
      genesis: this.#genesis,
      genesisHash: this.#coordGenesis
    })
    const last = walked.blocks.at(-1)
    if (last === undefined) report('state', '', 'the header that holds its root cannot be read')
    else await checkState(database, { genesis: this.#genesis, chain, stateRoot: last.stateRoot }, report)
  }

  async #checkNode(directory: DataDirectory): Promise<void> {
    const { path, epochs, chains, hasNode } = directory
    if (!hasNode) return
    this.#onProgress({ directory: path, database: 'node', height: 0 })
    const database = await this.#open(directory, 'node', dataPaths(path).nodeDatabase)
    if (database === undefined) return
    try {
      await this.#guardDamage(directory, 'node', async () =>
        checkNode({
          directory: path,
          constants: this.#constants,
          database,
          epochs,
          chains,
          signatures: this.#signatures,
          statements: this.#statements,
          verifier: this.#verifier,
          report: this.#log.of(path, 'node')
        })
      )
    } finally {
      await database.close()
    }
  }

  /** @returns undefined for one that cannot be opened, and for one whose creation was cut short: nothing is in it. */
  async #open(directory: DataDirectory, name: string, path: string): Promise<StoppedDatabase | undefined> {
    let database: StoppedDatabase | undefined
    await this.#guardDamage(directory, name, async () => {
      database = await StoppedDatabase.open(path)
    })
    if (database === undefined || !(await database.isEmpty())) return database
    await database.close()
    return undefined
  }

  /** Damage below the rows is a finding like any other. */
  async #guardDamage(directory: DataDirectory, name: string, run: () => Promise<void>): Promise<void> {
    try {
      await run()
    } catch (error) {
      if (!(error instanceof DamagedDatabase)) throw error
      this.#log.of(directory.path, name)('database', '', `it cannot be read: ${error.detail.reason}`)
    }
  }
}

/** Only to choose an order: what is wrong with the rows is found later. */
async function lastHeight(database: StoppedDatabase): Promise<number> {
  let last = -1
  try {
    for await (const _key of database.keys(CHAIN_ROWS.header)) last += 1
  } catch (error) {
    if (!(error instanceof DamagedDatabase)) throw error
  }
  return last
}
