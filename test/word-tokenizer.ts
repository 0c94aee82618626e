/** A tokenizer for parity fixtures, which come without one: the words `t0`, `t1` ... are the tokens 0, 1 ...; any other word is `t0`. */
export function wordTokenizer(vocabulary: number): Record<'tokenizer.json' | 'tokenizer_config.json', string> {
  const vocab = Object.fromEntries(Array.from({ length: vocabulary }, (_, i) => [`t${i}`, i]))
  const tokenizer = {
    version: '1.0',
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: 'WhitespaceSplit' },
    post_processor: null,
    decoder: null,
    model: { type: 'WordPiece', vocab, unk_token: 't0', continuing_subword_prefix: '##', max_input_chars_per_word: 100 }
  }
  const chat_template = "{% for m in messages %}{{ m['content'] }} {% endfor %}"
  return {
    'tokenizer.json': JSON.stringify(tokenizer),
    'tokenizer_config.json': JSON.stringify({ tokenizer_class: 'PreTrainedTokenizer', chat_template })
  }
}
