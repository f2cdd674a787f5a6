/**
 * `icn verify`: audits that believe no node. `supply`: every unit of both tokens is where the genesis' rules say;
 * `committees`: who votes now.
 */
import type { Command } from 'commander'
import { auditEmission } from '../../client/emission-audit.ts'
import type { AuditedAmounts, AuditedToken, SupplyAudit } from '../../client/supply-proof.ts'
import { supplyDifference, verifySupplyProof } from '../../client/supply-proof.ts'
import type { ProofTrust } from '../../client/transfer-proof.ts'
import { fromHex } from '../../primitives/bytes.ts'
import { tokenText } from '../../primitives/tokens.ts'
import { CliError, EXIT } from '../cli-error.ts'
import { writeNewFile } from '../files.ts'
import { readGenesis, readGenesisText } from '../genesis-file.ts'
import { readProof } from '../proof-file.ts'
import { registerCommittees } from '../verify-committees.ts'
import { addOption, checkpointOption } from '../options.ts'
import { addRpcOption, clientOf } from '../rpc-option.ts'
import type { RpcOptions } from '../rpc-option.ts'

interface SupplyOptions extends RpcOptions {
  readonly genesis: string
  readonly checkpoint?: ProofTrust['checkpoint']
  readonly out?: string
  readonly headers?: boolean
  readonly json?: boolean
}

export function register(program: Command): void {
  const verify = program
    .command('verify')
    .description('audit a network from its genesis')
    .addHelpText('after', EXAMPLES)
  const supply = verify
    .command('supply [file]')
    .description(
      'supply of all chains, lanes in flight included, proven by a node that follows all; or a proof from a file'
    )
    .option('--json', 'print the audit as JSON')
    .addHelpText('after', EXAMPLES)
  addOption(supply, { flags: '--genesis <file>', help: 'genesis of the network', required: true })
  addOption(supply, { flags: '--out <file>', help: 'write the proof to a new file' })
  addOption(supply, {
    flags: '--checkpoint <height:hash>',
    help: 'a final coordination block you vouch for, in place of all epochs before it',
    parse: checkpointOption
  })
  supply.option('--headers', 'read every header too, and sum up what each chain has emitted (needs --rpc)')
  addRpcOption(supply).action((file: string | undefined, options: SupplyOptions) => run(file, options))
  registerCommittees(verify)
}

const EXAMPLES = `
Examples:
  icn verify supply --genesis genesis.json --rpc http://127.0.0.1:9001
  icn verify supply --headers --genesis genesis.json --rpc http://127.0.0.1:9001
  icn verify supply supply.proof --genesis genesis.json
  icn verify committees --genesis genesis.json --rpc http://127.0.0.1:9001

Exit codes: 0 as issued, 1 it differs or the proof shows nothing, 2 wrong option or file.`

async function run(file: string | undefined, options: SupplyOptions): Promise<void> {
  const { checkpoint, out, json } = options
  const genesis = readGenesisText(options.genesis)
  const proof = file === undefined ? await ask(options) : readProof(file)
  if (out !== undefined) writeNewFile(out, `${proof}\n`)
  const audit = verifySupplyProof(fromHex(proof), genesis, checkpoint)
  if (!audit.ok) throw new CliError(`nothing is proven: ${audit.code}: ${audit.detail}`, EXIT.failed)
  if (json === true) console.log(JSON.stringify(audit.value, amountText, 2))
  else for (const line of auditLines(audit.value)) console.log(line)
  if (options.headers === true) await auditHeaders(options, audit.value)
  if (!audit.value.ok) process.exitCode = EXIT.failed
}

/** EMI-4: a node gives the headers; the proof says with which hash they must end. */
async function auditHeaders(options: SupplyOptions, { chains }: SupplyAudit): Promise<void> {
  const genesis = readGenesis(options.genesis)
  for (const proven of chains) {
    const { chain } = proven.place
    const audit = await auditEmission(clientOf(options), genesis, proven)
    if (!audit.ok) throw new CliError(`chain ${chain}: ${audit.code}: ${audit.detail}`, EXIT.failed)
    const { headers, consumer, industrial } = audit.value
    const emitted = `${tokenText(consumer)} consumer, ${tokenText(industrial)} industrial`
    console.log(`chain ${chain}: ${headers} headers emit ${emitted}`)
  }
}

async function ask(options: SupplyOptions): Promise<string> {
  const { checkpoint } = options
  const params = checkpoint === undefined ? {} : { checkpoint: checkpoint.height }
  const { proof } = await clientOf(options).call('supply_proof', params)
  return proof
}

const amountText = (_: string, value: unknown): unknown =>
  typeof value === 'bigint' ? value.toString() : value

function auditLines({ ok, chains, consumer, industrial }: SupplyAudit): string[] {
  return [
    ...chains.flatMap(({ place, ...of }) => [
      `chain ${place.chain} at height ${place.height} ${place.hash}`,
      `  consumer: ${amountLine(of.consumer)}, ${emissionText(of.consumer)}`,
      `  industrial: ${amountLine(of.industrial)}, ${emissionText(of.industrial)}`
    ]),
    `consumer: ${amountLine(consumer)}`,
    `industrial: ${amountLine(industrial)}`,
    ok ? 'the supply is what the genesis issued' : 'THE SUPPLY DIFFERS from what the genesis issued'
  ]
}

function emissionText({ emitted, scheduled }: AuditedToken): string {
  return emitted === scheduled
    ? `emitted ${tokenText(emitted)}`
    : `emitted ${tokenText(emitted)} INSTEAD OF ${tokenText(scheduled)}`
}

function amountLine(amounts: AuditedAmounts): string {
  const { issued, held, sent, received } = amounts
  const difference = supplyDifference(amounts)
  const wrong = difference === 0n ? '' : `, differs by ${difference} base units`
  return `held ${tokenText(held)}, sent ${tokenText(sent)}, received ${tokenText(received)}, issued ${tokenText(issued)}${wrong}`
}
