/** `icn start`: one node in this process until a signal (SYSTEM 6). The first signal stops cleanly, a second at once. */
import { readFileSync } from 'node:fs'
import { rename, rm, writeFile } from 'node:fs/promises'
import { pino } from 'pino'
import type { Logger } from 'pino'
import type { NodeConfig } from '../node/config.ts'
import { dataPaths } from '../node/data-dir.ts'
import { ConfigError } from '../node/node-errors.ts'
import { parseGenesis } from '../params/genesis-json.ts'
import { describeRefusal } from '../params/genesis-refusal.ts'
import type { Genesis } from '../params/genesis.ts'
import { toHex } from '../primitives/bytes.ts'
import { networkId } from '../params/genesis.ts'
import { addressText } from '../rpc/server.ts'
import { StoreError } from '../store/errors.ts'
import { followParent } from './parent.ts'
import { prettyStream } from './pretty.ts'
import { Node } from './node.ts'

/** A clean stop that takes longer is given up. */
const STOP_MS = 10_000

export async function runNode(config: NodeConfig, version: string): Promise<void> {
  const genesis = readGenesis(config)
  const log = createLog(config)
  const ended = Promise.withResolvers<unknown>()
  const node = new Node({
    config,
    genesis,
    log,
    version,
    processMetrics: true,
    onFailed: (error) => ended.resolve(error)
  })
  const leaveParent = followParent({
    cut: () => node.network?.cut(),
    heal: () => node.network?.heal(),
    orphaned: () => ended.resolve(undefined)
  })
  try {
    await node.start()
    await writeRunning(config, node)
  } catch (error) {
    leaveParent()
    await node.stop()
    throw error
  }
  log.info(
    {
      network: toHex(networkId(genesis)).slice(0, 16),
      rpc: rpcText(node),
      libp2p: node.network?.addresses(),
      validator: node.validator === undefined ? undefined : toHex(node.validator.publicKey)
    },
    'node started'
  )
  const onSignal = (): void => {
    if (stopping) process.exit(1)
    stopping = true
    ended.resolve(undefined)
  }
  let stopping = false
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  const failure = await ended.promise
  const deadline = setTimeout(() => process.exit(1), STOP_MS)
  if (failure === undefined) log.info('stopping')
  else log.fatal({ err: failure }, 'cannot go on')
  await node.stop()
  await rm(dataPaths(config.data).running, { force: true })
  clearTimeout(deadline)
  leaveParent()
  process.off('SIGINT', onSignal)
  process.off('SIGTERM', onSignal)
  if (failure !== undefined) throw failure
}

export function readGenesis(config: Pick<NodeConfig, 'data'>): Genesis {
  const path = dataPaths(config.data).genesis
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new ConfigError(
      { code: 'CONFIG_FILE', path, reason },
      `no genesis in ${config.data}: run icn init first`,
      {
        cause: error
      }
    )
  }
  const genesis = parseGenesis(text)
  if (genesis.ok) return genesis.value
  throw new ConfigError({ code: 'CONFIG_FILE', path, reason: genesis.code }, describeRefusal(path, genesis))
}

function createLog({ logLevel, logFormat }: NodeConfig): Logger {
  if (logFormat === 'json') return pino({ level: logLevel })
  return pino({ level: logLevel }, prettyStream(process.stdout))
}

const rpcText = (node: Node): string | undefined =>
  node.rpcAddress === undefined ? undefined : addressText(node.rpcAddress)

/** `D/node.json`: how to reach the node, while it runs. Replaced whole, so that a reader never sees half of it. */
async function writeRunning(config: NodeConfig, node: Node): Promise<void> {
  const { running } = dataPaths(config.data)
  const content = { pid: process.pid, rpc: rpcText(node), libp2p: node.network?.addresses() ?? [] }
  const next = `${running}.next`
  try {
    await writeFile(next, `${JSON.stringify(content, undefined, 2)}\n`)
    await rename(next, running)
  } catch (cause) {
    await rm(next, { force: true })
    throw new StoreError({ code: 'STORE_IO', path: running }, undefined, { cause })
  }
}
