/**
 * Are the configured ports free? Asked before any database is opened, so that a start which must fail leaves the data
 * directory as it was. Other reasons not to listen are told by the part itself.
 */
import { createServer } from 'node:net'
import { NetError } from '../net/errors.ts'
import type { NodeConfig } from '../node/config.ts'
import { RpcError } from '../rpc/errors.ts'
import { addressText } from '../rpc/server.ts'

const TCP_ADDRESS = /^\/ip[46]\/([^/]+)\/tcp\/(\d+)/

/** @throws RpcError RPC_PORT_IN_USE, NetError NET_PORT_IN_USE */
export async function assertPortsFree(config: NodeConfig): Promise<void> {
  for (const address of [config.rpc, config.metrics]) {
    if (address === undefined || (await isFree(address.host, address.port))) continue
    const text = addressText(address)
    throw new RpcError({ code: 'RPC_PORT_IN_USE', address: text }, `${text} is in use`)
  }
  for (const address of config.listen) {
    const [, host, port] = TCP_ADDRESS.exec(address) ?? []
    if (host === undefined || (await isFree(host, Number(port)))) continue
    throw new NetError({ code: 'NET_PORT_IN_USE', address }, `${address} is in use`)
  }
}

async function isFree(host: string, port: number): Promise<boolean> {
  if (port === 0) return true
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const server = createServer()
  server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'EADDRINUSE'))
  server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)))
  return promise
}
