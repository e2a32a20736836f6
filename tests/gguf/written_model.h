// Headers of GGUF files as a converter writes them, and a fixture that loads the model they
// describe and compares its bytes with those of their tensors.
#pragma once

#include <gtest/gtest.h>

#include "sim/gguf/gguf_model.h"
#include "sim/study/step.h"
#include "tests/weights/written_gguf.h"

namespace llmarch::weights_test {

// The numbers of types, and the bytes of a block of as many elements.
struct Type {
  std::uint32_t id;
  std::int64_t elements, bytes;
};
inline constexpr Type kFloat{0, 1, 4};
inline constexpr Type kQ8{8, 32, 34};
inline constexpr Type kQ4{12, 256, 144};
inline constexpr Type kQ5{13, 256, 176};
inline constexpr Type kQ6{14, 256, 210};
inline constexpr Type kMx{39, 32, 17};

// A header with its keys and tensors, as a converter writes them one after the other.
class Header {
 public:
  explicit Header(std::string architecture) : architecture_(std::move(architecture)) {
    keys_.push_back(gguf_key("general.architecture", kString, gguf_string(architecture_)));
  }
  Header& key(const std::string& name, std::uint32_t value) {
    keys_.push_back(gguf_u32(architecture_ + "." + name, value));
    return *this;
  }
  Header& real(const std::string& name, float value) {
    keys_.push_back(gguf_key(architecture_ + "." + name, kF32, bytes_of({value})));
    return *this;
  }
  Header& flag(const std::string& name) {
    keys_.push_back(gguf_key(architecture_ + "." + name, kBool, std::string(1, '\1')));
    return *this;
  }
  Header& flags(const std::string& name, std::initializer_list<bool> values) {
    std::string bytes;
    for (const bool value : values) bytes += value ? '\1' : '\0';
    keys_.push_back(gguf_array(architecture_ + "." + name, kBool, values.size(), bytes));
    return *this;
  }
  Header& list(const std::string& name, std::initializer_list<std::uint32_t> values) {
    keys_.push_back(gguf_array(architecture_ + "." + name, kU32, values.size(), bytes_of(values)));
    return *this;
  }
  Header& vector(const std::string& name, std::int64_t elements) {
    return add(name, {elements}, kFloat);
  }
  Header& matrix(const std::string& name, std::int64_t rows, std::int64_t columns,
                 const Type& type = kQ4) {
    return add(name, {columns, rows}, type);
  }
  Header& experts(const std::string& name, std::int64_t count, std::int64_t rows,
                  std::int64_t columns, const Type& type) {
    return add(name, {columns, rows, count}, type);
  }
  [[nodiscard]] std::string text() const {
    std::string text = "GGUF" + bytes_of({std::uint32_t{3}}) +
                       bytes_of({std::uint64_t{tensors_.size()}, std::uint64_t{keys_.size()}});
    for (const std::string& key : keys_) text += key;
    for (const std::string& tensor : tensors_) text += tensor;
    return text;
  }
  // The bytes of all tensors added so far.
  [[nodiscard]] Bytes stored() const { return Bytes(bytes_); }

 private:
  Header& add(const std::string& name, std::initializer_list<std::int64_t> extents,
              const Type& type) {
    std::int64_t elements = 1;
    for (const std::int64_t extent : extents) elements *= extent;
    const std::int64_t bytes = elements / type.elements * type.bytes;
    tensors_.push_back(gguf_tensor(name, extents, type.id, offset_));
    offset_ += static_cast<std::uint64_t>((bytes + 31) / 32 * 32);
    bytes_ += bytes;
    return *this;
  }

  std::string architecture_;
  std::vector<std::string> keys_, tensors_;
  std::uint64_t offset_ = 0;
  std::int64_t bytes_ = 0;
};

inline Header with_sizes(const std::string& architecture, std::uint32_t layers, std::uint32_t width,
                         std::uint32_t heads, std::uint32_t kv_heads, std::uint32_t head_size) {
  Header header(architecture);
  header.key("block_count", layers)
      .key("embedding_length", 512)
      .key("feed_forward_length", width)
      .key("context_length", 4096)
      .key("attention.head_count", heads)
      .key("attention.head_count_kv", kv_heads)
      .key("attention.key_length", head_size)
      .key("attention.value_length", head_size)
      .real("attention.layer_norm_rms_epsilon", 1e-6F)
      .real("rope.freq_base", 10000.0F);
  return header;
}

inline std::string blk(int layer, const std::string& name) {
  return "blk." + std::to_string(layer) + "." + name + ".weight";
}

inline void add_attention(Header& header, int layer, std::int64_t queries, std::int64_t keys,
                          const Type& values = kQ4) {
  header.vector(blk(layer, "attn_norm"), 512)
      .matrix(blk(layer, "attn_q"), queries, 512)
      .matrix(blk(layer, "attn_k"), keys, 512)
      .matrix(blk(layer, "attn_v"), keys, 512, values)
      .matrix(blk(layer, "attn_output"), 512, queries);
}

inline void add_feed_forward(Header& header, int layer, std::int64_t width,
                             const Type& down = kQ4) {
  header.vector(blk(layer, "ffn_norm"), 512)
      .matrix(blk(layer, "ffn_gate"), width, 512)
      .matrix(blk(layer, "ffn_up"), width, 512)
      .matrix(blk(layer, "ffn_down"), 512, width, down);
}

// The matrices of attention and feed-forward of layers whose norms stand after them, with norms of
// queries and keys that have `norm` elements.
inline void add_layer_normed_after(Header& header, int layer, std::int64_t keys,
                                   std::int64_t norm) {
  header.matrix(blk(layer, "attn_q"), 512, 512)
      .matrix(blk(layer, "attn_k"), keys, 512)
      .matrix(blk(layer, "attn_v"), keys, 512)
      .matrix(blk(layer, "attn_output"), 512, 512)
      .vector(blk(layer, "attn_q_norm"), norm)
      .vector(blk(layer, "attn_k_norm"), norm)
      .vector(blk(layer, "post_attention_norm"), 512)
      .matrix(blk(layer, "ffn_gate"), 1024, 512)
      .matrix(blk(layer, "ffn_up"), 1024, 512)
      .matrix(blk(layer, "ffn_down"), 512, 1024)
      .vector(blk(layer, "post_ffw_norm"), 512);
}

// Two layers: the first, which has no key heads, is a convolution; the feed-forward of the second
// is left to add.
inline Header convolution_and_attention(const std::string& architecture) {
  Header header(architecture);
  header.key("block_count", 2)
      .key("embedding_length", 512)
      .key("feed_forward_length", 1024)
      .key("context_length", 4096)
      .key("attention.head_count", 8)
      .list("attention.head_count_kv", {0, 4})
      .key("shortconv.l_cache", 3)
      .real("attention.layer_norm_rms_epsilon", 1e-5F);
  header.matrix("token_embd.weight", 1000, 512, kQ6)
      .vector("token_embd_norm.weight", 512)
      .vector(blk(0, "attn_norm"), 512)
      .matrix(blk(0, "shortconv.in_proj"), 3 * 512, 512)
      .matrix(blk(0, "shortconv.conv"), 512, 3, kFloat)
      .matrix(blk(0, "shortconv.out_proj"), 512, 512);
  add_feed_forward(header, 0, 1024);
  add_attention(header, 1, 512, 256);
  header.vector(blk(1, "attn_q_norm"), 64).vector(blk(1, "attn_k_norm"), 64);
  return header;
}

class AGgufModel : public WrittenFiles {
 protected:
  [[nodiscard]] GgufLoad load(const Header& header) const {
    return load_gguf(GgufModel::open(write("model.gguf", header.text())), "model");
  }
  // Loads it, and expects it to take the bytes of its tensors but for `beside`.
  void expect_bytes(const Header& header, Bytes beside = Bytes()) const {
    GgufLoad loaded = load(header);
    ASSERT_TRUE(loaded.spec) << loaded.problems.front().message;
    Model model = make_model(std::move(*loaded.spec), {});
    model.published_in = *loaded.storage;
    EXPECT_EQ(weight_bytes(stored(model, Setting{})).total + beside, header.stored());
  }
  [[nodiscard]] std::string problem(const Header& header) const {
    const GgufLoad loaded = load(header);
    return loaded.problems.empty() ? "" : loaded.problems.front().message;
  }
};

}  // namespace llmarch::weights_test
