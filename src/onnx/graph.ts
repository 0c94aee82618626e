/** A decoded graph with its edges indexed, and the edits every level is made of. */
import type { GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto } from './proto'
import { DataType, decodeModel, makeCast, tensorType } from './proto'
import { yieldNames } from './residual/names'
import { inputsOf, renameInput, takeCachedBranch } from './subgraph'
import { typeOf } from './types'
import { computable } from './order'

/** Operators that hand one tensor on unchanged, apart from its element type. */
const pass = new Set(['Cast', 'Identity', 'Dropout'])

/**
 * A decoded graph with producers and consumers by tensor name, and its edits, which change it in place.
 * @throws LabError `checksum` for bytes that are no whole model
 */
export class Graph {
  readonly model: ModelProto
  readonly proto: GraphProto
  /** True where the file held the model with and without a cache; this is the part with one. */
  readonly merged: boolean
  /** Tensor name -> node that makes it. */
  readonly producer = new Map<string, NodeProto>()
  /** Tensor name -> nodes that take it. */
  readonly consumers = new Map<string, NodeProto[]>()
  readonly initializer = new Map<string, TensorProto>()
  readonly input = new Map<string, ValueInfoProto>()
  readonly output = new Map<string, ValueInfoProto>()
  /** Nodes to place right before or after another one when the edits are written. */
  readonly #before = new Map<NodeProto, NodeProto[]>()
  readonly #after = new Map<NodeProto, NodeProto[]>()
  readonly #constant = new Set<string>()
  /** Tensors inside the graph whose type it states. */
  readonly #stated = new Map<string, DataType>()

  /**
   * @param name of the file, for errors
   * @throws LabError `checksum` for a file that is not whole, `graph` for one whose edges go in a circle
   */
  constructor(bytes: Uint8Array, name = 'the graph') {
    const model = decodeModel(bytes, name)
    this.model = model
    this.proto = model.graph
    this.merged = takeCachedBranch(this.proto)
    yieldNames(this.proto)
    for (const tensor of this.proto.initializer) this.initializer.set(tensor.name, tensor)
    for (const value of this.proto.input) this.input.set(value.name, value)
    for (const value of this.proto.output) this.output.set(value.name, value)
    for (const value of this.proto.valueInfo) this.#stated.set(value.name, tensorType(value).elemType)
    for (const node of this.proto.node) {
      for (const name of node.output) if (name) this.producer.set(name, node)
      for (const name of new Set(inputsOf(node))) if (name) this.#consume(name, node)
    }
    this.#findConstants(computable(this.proto.node, this.producer))
  }

  /** True for initializers and whatever is computed from them alone, whose value no input can change. */
  isConstant(name: string): boolean {
    return this.#constant.has(name)
  }

  /** The value of an initializer or of a Constant node. */
  constantTensor(name: string): TensorProto | undefined {
    const node = this.producer.get(name)
    if (node?.opType !== 'Constant') return this.initializer.get(name)
    return node.attribute.find((a) => a.name === 'value')?.t
  }

  /** The tensor behind casts and identities. */
  source(name: string): string {
    for (;;) {
      const node = this.producer.get(name)
      const input = node && pass.has(node.opType) ? node.input[0] : undefined
      if (!input) return name
      name = input
    }
  }

  /** Inputs of a node that depend on the model's inputs. */
  live(node: NodeProto): string[] {
    return inputsOf(node).filter((name) => name && !this.isConstant(name))
  }

  /** Version of ONNX's own operators. */
  get opset(): number {
    return Number(this.model.opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version ?? 0)
  }

  /** Element type that the graph states for a tensor; inside the graph it may be out of date. */
  declared(name: string): DataType | undefined {
    const value = this.input.get(name) ?? this.output.get(name)
    const type = value ? tensorType(value).elemType : this.#stated.get(name)
    return type === DataType.UNDEFINED ? undefined : type
  }

  /** Element type of any tensor, as the operators say it. */
  elementType(name: string): DataType | undefined {
    return typeOf(this, name)
  }

  /** The tensor as another type: itself where it has it, or a cast of it that all who ask share. */
  as(name: string, type: DataType): string {
    if (this.elementType(name) === type) return name
    const cast = `azimuth/${name}/${DataType[type]}`
    if (this.producer.has(cast)) return cast
    const node = makeCast(name, cast, type)
    const anchor = this.producer.get(name)
    if (anchor) this.insertAfter(anchor, node)
    else this.prepend(node)
    return cast
  }

  addInput(value: ValueInfoProto): void {
    this.proto.input.push(value)
    this.input.set(value.name, value)
  }

  addOutput(value: ValueInfoProto): void {
    this.proto.output.push(value)
    this.output.set(value.name, value)
  }

  addInitializer(tensor: TensorProto): string {
    if (!this.initializer.has(tensor.name)) {
      this.proto.initializer.push(tensor)
      this.initializer.set(tensor.name, tensor)
    }
    return tensor.name
  }

  insertBefore(anchor: NodeProto, ...nodes: NodeProto[]): void {
    push(this.#before, anchor, nodes)
    for (const node of nodes) this.#index(node)
  }

  insertAfter(anchor: NodeProto, ...nodes: NodeProto[]): void {
    push(this.#after, anchor, nodes)
    for (const node of nodes) this.#index(node)
  }

  /** Adds nodes that depend on the graph's inputs alone. */
  prepend(...nodes: NodeProto[]): void {
    this.proto.node.unshift(...nodes)
    for (const node of nodes) this.#index(node)
  }

  /** Adds nodes at the end of the graph. */
  append(...nodes: NodeProto[]): void {
    this.proto.node.push(...nodes)
    for (const node of nodes) this.#index(node)
  }

  /** Puts other nodes in the place of one; what they make has its outputs among it. */
  replace(node: NodeProto, ...next: readonly NodeProto[]): void {
    this.proto.node.splice(this.proto.node.indexOf(node), 1, ...next)
    for (const name of new Set(node.input)) {
      this.consumers.set(
        name,
        (this.consumers.get(name) ?? []).filter((other) => other !== node)
      )
    }
    for (const one of next) this.#index(one)
    this.#move(this.#before, node, next[0])
    this.#move(this.#after, node, next.at(-1))
  }

  /** Drops weights that no node takes any more. */
  dropUnused(): void {
    this.proto.initializer = this.proto.initializer.filter(({ name }) => {
      return this.output.has(name) || (this.consumers.get(name)?.length ?? 0) > 0
    })
  }

  /** Lets every node that takes `from`, except those in `keep`, take `to` instead. */
  redirect(from: string, to: string, keep: readonly NodeProto[] = []): void {
    const stay: NodeProto[] = []
    for (const node of this.consumers.get(from) ?? []) {
      if (keep.includes(node)) stay.push(node)
      else {
        renameInput(node, from, to)
        this.#consume(to, node)
      }
    }
    this.consumers.set(from, stay)
  }

  /** Renames one output of a node; those who take the old name are left to the caller. */
  renameOutput(node: NodeProto, index: number, name: string): void {
    while (node.output.length <= index) node.output.push('')
    const old = node.output[index]
    if (old) this.producer.delete(old)
    node.output[index] = name
    this.producer.set(name, node)
  }

  /** Puts the inserted nodes in their places. */
  commit(): void {
    const around = (node: NodeProto): NodeProto[] => [
      ...(this.#before.get(node) ?? []).flatMap(around),
      node,
      ...(this.#after.get(node) ?? []).flatMap(around)
    ]
    this.proto.node = this.proto.node.flatMap(around)
    this.#before.clear()
    this.#after.clear()
  }

  /** What was placed beside a node goes beside the one that took its place. */
  #move(places: Map<NodeProto, NodeProto[]>, node: NodeProto, next: NodeProto | undefined): void {
    const nodes = places.get(node)
    places.delete(node)
    if (nodes && next) push(places, next, nodes)
  }

  #index(node: NodeProto): void {
    for (const name of node.output) if (name) this.producer.set(name, node)
    for (const name of new Set(inputsOf(node))) if (name) this.#consume(name, node)
  }

  #consume(name: string, node: NodeProto): void {
    push(this.consumers, name, [node])
  }

  /** @param sorted so that a node stands after those that make its inputs, which exporters do not always keep to */
  #findConstants(sorted: readonly NodeProto[]): void {
    for (const name of this.initializer.keys()) if (!this.input.has(name)) this.#constant.add(name)
    for (const node of sorted) {
      if (!inputsOf(node).every((name) => !name || this.#constant.has(name))) continue
      for (const name of node.output) if (name) this.#constant.add(name)
    }
  }
}

function push<K, V>(map: Map<K, V[]>, key: K, values: readonly V[]): void {
  const list = map.get(key)
  if (list) list.push(...values)
  else map.set(key, [...values])
}
