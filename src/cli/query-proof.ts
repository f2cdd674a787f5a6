/**
 * `icn query proof`: of an account, or of what became of a transfer to another shard. With `--verify` the proof is
 * checked here, with the genesis and nothing that a node says; a file is checked without any node.
 */
import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import type { Client } from '../client/client.ts'
import type { ProvenTransfer, TransferProofJson } from '../client/receipt-types.ts'
import { proofTrust, verifyTransferProof } from '../client/transfer-proof.ts'
import type { ProofTrust } from '../client/transfer-proof.ts'
import { describeRefusal } from '../params/genesis-refusal.ts'
import { fromHex } from '../primitives/bytes.ts'
import { tokenText } from '../primitives/tokens.ts'
import { CliError, EXIT } from './cli-error.ts'
import { writeNewFile } from './files.ts'
import { addOption, addressOf, checkpointOption, integer, readText } from './options.ts'
import { addRpcOption, clientOf } from './rpc-option.ts'
import type { RpcOptions } from './rpc-option.ts'

interface ProofOptions extends RpcOptions {
  readonly json?: boolean
  readonly verify?: boolean
  readonly genesis?: string
  readonly checkpoint?: ProofTrust['checkpoint']
  readonly hop: number
  readonly out?: string
}

export function registerProof(query: Command): void {
  const command = query
    .command('proof <what>')
    .description(
      'proof of an account (address), or of a transfer to another shard (transaction id, or a file)'
    )
    .option('--json', 'print the whole answer as JSON')
    .option('--verify', 'check the proof of a transfer here; takes --genesis. A file is always checked')
    .addHelpText('after', EXAMPLES)
  addOption(command, {
    flags: '--checkpoint <height:hash>',
    help: 'a final coordination block you vouch for, in place of all epochs before it',
    parse: checkpointOption
  })
  addOption(command, { flags: '--genesis <file>', help: 'genesis of the network' })
  addOption(command, { flags: '--out <file>', help: 'write the proof of a transfer to a new file' })
  addOption(command, { flags: '--hop <n>', help: '1: what came back', parse: integer(0, 1), default: 0 })
  addRpcOption(command).action((what: string, options: ProofOptions) => proof(what, options))
}

const EXAMPLES = `
Examples:
  icn query proof user3 --json
  icn query proof 5c1f…(64 hex digits) --out transfer.json
  icn query proof transfer.json --genesis genesis.json

Exit codes: 0 shown, 1 the proof shows nothing, 2 wrong option or file.`

async function proof(what: string, options: ProofOptions): Promise<void> {
  if (existsSync(what)) {
    checkTransfer(readProofFile(what), options)
    return
  }
  if (!/^[0-9a-f]{64}$/.test(what)) {
    await showAccount(clientOf(options), what, options)
    return
  }
  const { checkpoint, hop, out, json, verify } = options
  if (verify === true) trustOf(options)
  const answer = await clientOf(options).call('tx_proof', {
    id: what,
    hop,
    ...(checkpoint === undefined ? {} : { checkpoint: checkpoint.height })
  })
  if (out !== undefined) writeNewFile(out, `${JSON.stringify(answer, undefined, 2)}\n`)
  if (verify === true) checkTransfer(answer, options, what)
  else if (json === true) console.log(JSON.stringify(answer, undefined, 2))
  else for (const line of transferLines(answer.transfer, answer.proof)) console.log(line)
}

async function showAccount(client: Client, what: string, { json }: ProofOptions): Promise<void> {
  const answer = await client.call('account_proof', { address: addressOf(what) })
  if (json === true) {
    console.log(JSON.stringify(answer, undefined, 2))
    return
  }
  const { address, exists, key, value, proof: siblings, header, asOf } = answer
  console.log(`${address}: ${exists ? 'present' : 'absent'}`)
  console.log(`key ${key}`)
  console.log(`value ${value ?? '-'}`)
  console.log(`siblings ${siblings.siblings.length}, state root ${header.stateRoot}`)
  console.log(`as of chain ${asOf.chain} height ${asOf.height} ${asOf.hash}`)
}

/** @param id the transaction that was asked for: a node may answer with the proof of another one */
function checkTransfer(
  { proof: hex }: Pick<TransferProofJson, 'proof'>,
  options: ProofOptions,
  id?: string
): void {
  const { json } = options
  const verified = verifyTransferProof(fromHex(hex), trustOf(options))
  if (!verified.ok)
    throw new CliError(`the proof shows nothing: ${verified.code}: ${verified.detail}`, EXIT.failed)
  const { value } = verified
  if (id !== undefined && value.transaction !== id) {
    throw new CliError(`the proof is of transaction ${value.transaction}`, EXIT.failed)
  }
  if (json === true) console.log(JSON.stringify({ verified: true, ...value }, undefined, 2))
  else for (const line of ['verified', ...transferLines(value, hex)]) console.log(line)
}

/** @throws CliError */
function trustOf({ genesis, checkpoint }: ProofOptions): ProofTrust {
  if (genesis === undefined) throw new CliError('a proof is checked with the genesis: --genesis <file>')
  const trust = proofTrust(readText(genesis), checkpoint)
  if (!trust.ok) throw new CliError(describeRefusal(genesis, trust))
  return trust.value
}

function readProofFile(path: string): Pick<TransferProofJson, 'proof'> {
  const text = readText(path).trim()
  const found = text.startsWith('{') ? /"proof":\s*"((?:[0-9a-f]{2})*)"/.exec(text)?.[1] : text
  if (found === undefined || !/^([0-9a-f]{2})+$/.test(found)) throw new CliError(`${path} holds no proof`)
  return { proof: found }
}

function transferLines(transfer: ProvenTransfer, hex: string): string[] {
  const { transaction, kind, sender, receiver, consumer, industrial, source, destination } = transfer
  const { outcome, reason } = transfer
  return [
    `transaction ${transaction}${kind === 'refund' ? ', what came back' : ''}`,
    `from ${sender} on chain ${source.chain}, block ${source.height}, receipt ${source.sequence}`,
    `to ${receiver} on chain ${destination.chain}, block ${destination.height} ${destination.hash}`,
    `consumer ${tokenText(consumer)}, industrial ${tokenText(industrial)}`,
    `${outcome}${reason === undefined ? '' : `: ${reason}`} at ${new Date(destination.timeMs).toISOString()}`,
    `proof of ${hex.length / 2} bytes`
  ]
}
