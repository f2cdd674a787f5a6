/** `icn verify committees`: the light check (C32, PRF-9): who votes now, from the genesis, without executing a block. */
import type { Command } from 'commander'
import { verifyCommitteeProof } from '../client/committee-proof.ts'
import type { LightCheck } from '../client/committee-proof.ts'
import type { ProofTrust } from '../client/transfer-proof.ts'
import { fromHex } from '../primitives/bytes.ts'
import { CliError, EXIT } from './cli-error.ts'
import { writeNewFile } from './files.ts'
import { readGenesisText } from './genesis-file.ts'
import { addOption, checkpointOption } from './options.ts'
import { readProof } from './proof-file.ts'
import { addRpcOption, clientOf } from './rpc-option.ts'
import type { RpcOptions } from './rpc-option.ts'

interface CommitteesOptions extends RpcOptions {
  readonly genesis: string
  readonly checkpoint?: ProofTrust['checkpoint']
  readonly out?: string
  readonly json?: boolean
}

export function registerCommittees(verify: Command): void {
  const committees = verify
    .command('committees [file]')
    .description(
      'committees of the running epoch, by headers, certificates and proofs from the genesis on; of a node, or of a proof in a file'
    )
    .option('--json', 'print the committees as JSON')
  addOption(committees, { flags: '--genesis <file>', help: 'genesis of the network', required: true })
  addOption(committees, { flags: '--out <file>', help: 'write the proof to a new file' })
  addOption(committees, {
    flags: '--checkpoint <height:hash>',
    help: 'a final coordination block you vouch for, in place of all epochs before it',
    parse: checkpointOption
  })
  addRpcOption(committees).action((file: string | undefined, options: CommitteesOptions) =>
    run(file, options)
  )
}

async function run(file: string | undefined, options: CommitteesOptions): Promise<void> {
  const { checkpoint, out, json } = options
  const genesis = readGenesisText(options.genesis)
  const proof = file === undefined ? await ask(options) : readProof(file)
  if (out !== undefined) writeNewFile(out, `${proof}\n`)
  const checked = verifyCommitteeProof(fromHex(proof), genesis, checkpoint)
  if (!checked.ok) throw new CliError(`nothing is proven: ${checked.code}: ${checked.detail}`, EXIT.failed)
  if (json === true) console.log(JSON.stringify(checked.value, undefined, 2))
  else for (const line of linesOf(checked.value)) console.log(line)
}

async function ask(options: CommitteesOptions): Promise<string> {
  const { checkpoint } = options
  const params = checkpoint === undefined ? {} : { checkpoint: checkpoint.height }
  const { proof } = await clientOf(options).call('committee_proof', params)
  return proof
}

const linesOf = ({ epoch, place, timeMs, committees }: LightCheck): string[] => [
  `epoch ${epoch}, final coordination block ${place.height} ${place.hash}`,
  `time ${new Date(timeMs).toISOString()}`,
  ...committees.flatMap(({ chain, n, quorum, f, k, diversity, validators }) => [
    `chain ${chain}: n ${n}, quorum ${quorum}, f ${f}, cooperatives in a quorum ${k}, diversity ${diversity}`,
    ...validators.map(({ validator, cooperative }) => `  ${validator} cooperative ${cooperative}`)
  ])
]
