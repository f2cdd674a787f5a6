/** `import { createNode } from 'icn'`: a node inside another program (SYSTEM 6, Library). */
export { createNode } from './app/create-node.ts'
export type { CreateNodeOptions, LibraryNode } from './app/create-node.ts'
export type { NodeEventMap, NodeEventName, NodeListener } from './app/events.ts'
export type { NodePort } from './rpc/port.ts'
