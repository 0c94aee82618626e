/** Names of models, as repositories, folders and adapters give them. */

/** What exporters and quantizers add to a model's name. */
const addition = /[-_.](onnx|gguf|web|q4f16|q4|q8|fp16|fp32|bf16|int4|int8|4bit|8bit|bnb|unsloth)$/

/** Whether two names are likely of the same weights, whoever exported them: `HuggingFaceTB/Model` and `model-ONNX` are. */
export function isSameName(one: string, other: string): boolean {
  return plainName(one) === plainName(other)
}

function plainName(name: string): string {
  let plain = (
    name
      .replace(/[/\\]+$/, '')
      .split(/[/\\]/)
      .at(-1) ?? ''
  ).toLowerCase()
  while (addition.test(plain)) plain = plain.replace(addition, '')
  return plain
}
