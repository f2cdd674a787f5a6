/** `icn genesis`: the file that is the network (D1). */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { newKey, writeKeyFile } from '../../node/keys.ts'
import { genesisToJson } from '../../params/genesis-json.ts'
import { networkId } from '../../params/genesis.ts'
import type { Genesis } from '../../params/genesis.ts'
import { newGenesis } from '../../params/new-genesis.ts'
import { PRESETS } from '../../params/presets.ts'
import type { PresetName } from '../../params/presets.ts'
import { toHex } from '../../primitives/bytes.ts'
import { COORD, MAX_SHARDS, chainName } from '../../primitives/chain-id.ts'
import { computeCommittees } from '../../sharding/committee.ts'
import type { Committee } from '../../sharding/types.ts'
import { CliError } from '../cli-error.ts'
import { makeDirectory, writeNewFile } from '../files.ts'
import { readGenesis } from '../genesis-file.ts'
import { addOption, choice, integer } from '../options.ts'

/** A genesis lists its validators one by one; more than these are not made on one machine. */
const NEW_VALIDATORS_MAX = 1_000

interface NewOptions {
  readonly preset: PresetName
  readonly validators: number
  readonly shards?: number
  readonly out: string
  readonly blockInterval?: number
  readonly time?: number
}

export function register(program: Command): void {
  const genesis = program.command('genesis').description('make, check and show a genesis file')

  const create = genesis
    .command('new')
    .description('write genesis.json and a key file for each validator')
    .addHelpText('after', '\nExample: icn genesis new --preset devnet --validators 4 --shards 2 --out net')
    .action((options: NewOptions) => createGenesis(options))
  const presets = Object.keys(PRESETS) as PresetName[]
  addOption<PresetName>(create, {
    flags: '--preset <name>',
    help: `parameters to start from: ${presets.join(', ')}`,
    parse: choice(presets),
    required: true
  })
  addOption(create, {
    flags: '--validators <n>',
    help: 'validators, each a cooperative of its own',
    parse: integer(1, NEW_VALIDATORS_MAX),
    required: true
  })
  addOption(create, {
    flags: '--shards <n>',
    help: 'shards (default: the preset’s)',
    parse: integer(1, MAX_SHARDS)
  })
  addOption(create, { flags: '--out <dir>', help: 'directory to write', required: true })
  addOption(create, {
    flags: '--block-interval <ms>',
    help: 'least time between blocks; 0: a block as soon as there is a transaction',
    parse: integer(0, 600_000)
  })
  addOption(create, {
    flags: '--time <ms>',
    help: 'time of the genesis, Unix ms (default: now)',
    parse: integer(0)
  })

  genesis
    .command('check')
    .description('check a genesis file and print every chain’s committee')
    .argument('<file>', 'genesis file')
    .addHelpText('after', '\nExample: icn genesis check net/genesis.json')
    .action((file: string) => {
      const value = readGenesis(file)
      for (const line of describe(value)) console.log(line)
    })

  genesis
    .command('show')
    .description('print a genesis in its canonical form')
    .argument('<file>', 'genesis file')
    .addHelpText('after', '\nExample: icn genesis show net/genesis.json')
    .action((file: string) => {
      process.stdout.write(genesisToJson(readGenesis(file)))
    })
}

async function createGenesis(options: NewOptions): Promise<void> {
  const { preset, validators, shards, out, blockInterval, time } = options
  const keys = Array.from({ length: validators }, () => newKey('validator'))
  const verdict = newGenesis({
    preset,
    validators: keys.map(({ publicKey }) => publicKey),
    timeMs: time ?? Date.now(),
    ...(shards === undefined ? {} : { shards }),
    ...(blockInterval === undefined ? {} : { overrides: { minBlockIntervalMs: blockInterval } })
  })
  if (!verdict.ok) throw new CliError(`genesis new: ${verdict.detail}`)
  const file = join(out, 'genesis.json')
  const keyFiles = keys.map((key, index) => ({ key, path: join(out, 'keys', `validator-${index}.json`) }))
  const taken = [file, ...keyFiles.map(({ path }) => path)].find((path) => existsSync(path))
  if (taken !== undefined) throw new CliError(`${taken} exists and is not overwritten`)
  makeDirectory(join(out, 'keys'))
  for (const { key, path } of keyFiles) await writeKeyFile(path, key)
  writeNewFile(file, genesisToJson(verdict.value))
  for (const line of describe(verdict.value)) console.log(line)
}

/** Network id, then for every chain its committee and what it tolerates. */
export function describe(genesis: Genesis): string[] {
  const { validators, shards, params } = genesis
  const committees = computeCommittees({ validators, shards, shardsPerValidator: params.shardsPerValidator })
  const chains = [...committees.keys()].sort((a, b) => Number(a !== COORD) - Number(b !== COORD) || a - b)
  const described = chains.flatMap((chain) => {
    const committee = committees.get(chain)
    return committee === undefined ? [] : describeCommittee(chainName(chain), committee)
  })
  return [`network ${toHex(networkId(genesis))}`, `preset ${genesis.preset}, ${shards} shards`, ...described]
}

function describeCommittee(name: string, committee: Committee): string[] {
  const { members, quorum, faults, cooperativesPerQuorum: k, diversity } = committee
  const lines = [
    `chain ${name}: n ${members.length}, quorum ${quorum}, f ${faults}, cooperatives in a quorum ${k}`
  ]
  if (faults === 0) lines.push(`warning: chain ${name}: f = 0: one faulty validator stops it`)
  if (diversity === 'degraded') {
    lines.push(`warning: chain ${name}: diversity degraded: one cooperative holds more seats than f`)
  }
  return lines
}
