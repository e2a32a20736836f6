// The header of a GGUF file as a converter writes it: a Llama of one layer, with a tokenizer of several
// megabytes before its tensors, as files have it. The data of the tensors is left out.
const kU32 = 4, kF32 = 6, kString = 8, kArray = 9;
const kFloat = 0, kQ4 = 12;

const whole = (value, bytes) => {
  const buffer = Buffer.alloc(bytes);
  if (bytes === 8) buffer.writeBigUInt64LE(BigInt(value));
  else buffer.writeUInt32LE(value);
  return buffer;
};
const real = (value) => {
  const buffer = Buffer.alloc(4);
  buffer.writeFloatLE(value);
  return buffer;
};
const string = (text) => Buffer.concat([whole(Buffer.byteLength(text), 8), Buffer.from(text)]);
const key = (name, type, value) => Buffer.concat([string(name), whole(type, 4), value]);

export function llama({ vocabulary, hidden, width, heads, kvHeads, headDim }) {
  const size = (name, value) => key(`llama.${name}`, kU32, whole(value, 4));
  const keys = [
    key("general.architecture", kString, string("llama")),
    size("block_count", 1), size("embedding_length", hidden), size("feed_forward_length", width),
    size("context_length", 4096), size("attention.head_count", heads), size("attention.head_count_kv", kvHeads),
    size("attention.key_length", headDim), size("attention.value_length", headDim),
    key("llama.attention.layer_norm_rms_epsilon", kF32, real(1e-6)), key("llama.rope.freq_base", kF32, real(10000)),
    key("tokenizer.ggml.tokens", kArray, Buffer.concat([
      whole(kString, 4), whole(vocabulary, 8), ...Array.from({ length: vocabulary }, (_, at) => string(`token ${at}`.padEnd(60))),
    ])),
  ];
  const matrix = (name, rows, columns) => [name, [columns, rows], kQ4];
  const vector = (name, length) => [name, [length], kFloat];
  const blk = (name) => `blk.0.${name}.weight`;
  const tensors = [
    matrix("token_embd.weight", vocabulary, hidden), vector("output_norm.weight", hidden),
    matrix("output.weight", vocabulary, hidden), vector(blk("attn_norm"), hidden),
    matrix(blk("attn_q"), heads * headDim, hidden), matrix(blk("attn_k"), kvHeads * headDim, hidden),
    matrix(blk("attn_v"), kvHeads * headDim, hidden), matrix(blk("attn_output"), hidden, heads * headDim),
    vector(blk("ffn_norm"), hidden), matrix(blk("ffn_gate"), width, hidden), matrix(blk("ffn_up"), width, hidden),
    matrix(blk("ffn_down"), hidden, width),
  ];
  let offset = 0;
  const placed = tensors.map(([name, extents, type]) => {
    const elements = extents.reduce((product, extent) => product * extent, 1);
    const info = Buffer.concat([string(name), whole(extents.length, 4), ...extents.map((extent) => whole(extent, 8)),
      whole(type, 4), whole(offset, 8)]);
    offset += Math.ceil((type === kQ4 ? (elements / 256) * 144 : elements * 4) / 32) * 32;
    return info;
  });
  return Buffer.concat([Buffer.from("GGUF"), whole(3, 4), whole(tensors.length, 8), whole(keys.length, 8), ...keys, ...placed]);
}
