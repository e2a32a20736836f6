#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "kernels/fast/product_parts.h"
#include "kernels/fast/quantised_operand.h"
#include "kernels/fast/shared_pieces.h"

// Products with quantised weights. A piece of a panel, 256 inputs of 64 outputs, is unpacked into
// bytes and floats that stay in the first-level cache, and then multiplied with all rows of a task.
// Formats that hold bytes are multiplied where they lie, and for a single row all others too: to
// unpack quants would write twice the bytes that are read from memory, or more.
namespace llmarch::fast {
namespace {

using simd::QuantisedKernels;
using simd::QuantisedRow;
using simd::QuantisedTile;

constexpr std::size_t kFewestRowsEach = 128;  // for a thread to have rows of its own

// How the rows that a matrix multiplies are quantised.
QuantisedRow row_for(const PackedMatrix& weights) {
  const BlockFacts facts = facts_of(weights.format());
  const std::size_t groups =
      blocks_of_row(weights.format(), weights.inputs()) * facts.inputs / facts.group;
  const bool by_row = weights.format() == MatrixFormat::int8_channel;
  return {weights.inputs(), facts.group, groups, by_row ? groups * facts.group : facts.group};
}

bool same_rows(const Product& a, const Product& b) {
  const QuantisedRow left = row_for(*a.weights);
  const QuantisedRow right = row_for(*b.weights);
  return a.in.data == b.in.data && a.in.stride == b.in.stride && a.in.rows == b.in.rows &&
         left.columns == right.columns && left.group == right.group && left.shared == right.shared;
}

// The rows of a product as left operands.
struct QuantisedLeft {
  const Product* product;  // the first one of these rows
  QuantisedRow row;
  std::byte* data;
  [[nodiscard]] std::size_t bytes() const { return product->in.rows * row.bytes(); }
};

// A panel of a product and some of its rows, which one thread works on at a time.
struct PanelTask {
  const Product* product;
  std::size_t left;  // index
  std::size_t panel;
  Share rows;
};

class QuantisedProducts {
 public:
  QuantisedProducts(Team& team, std::span<const Product> products)
      : team_(team), kernels_(simd::kernels_of(team.isa()).quantised) {
    for (const Product& product : products) most_rows_ = std::max(most_rows_, product.in.rows);
    parts_ = std::clamp<std::size_t>(most_rows_ / kFewestRowsEach, 1, team.size());
    for (std::size_t part = 0; part < parts_; ++part) {
      for (const Product& product : products) add(product, part);
    }
  }

  void run() {
    if (tasks_.empty()) return;
    const bool each_for_itself = most_rows_ <= kernels_.tile_rows;
    place_scratch(each_for_itself ? team_.size() : 1);
    if (!each_for_itself) convert_together();
    SharedPieces pieces(tasks_.size(), team_.size());
    team_.run([&](std::size_t thread) {
      const std::size_t copy = each_for_itself ? thread : 0;
      if (each_for_itself) {
        for (const QuantisedLeft& left : lefts_) convert(left, copy, {0, left.product->in.rows});
      }
      const auto work_off = [&](Share some) {
        for (std::size_t i = some.first; i < some.last; ++i) work(tasks_[i], copy, thread);
      };
      work_off(pieces.certain(thread));
      while (const auto one = pieces.next(thread)) work_off({*one, *one + 1});
    });
  }

 private:
  void add(const Product& product, std::size_t part) {
    if (product.in.rows == 0) return;
    const auto known = std::ranges::find_if(
        lefts_, [&](const QuantisedLeft& left) { return same_rows(*left.product, product); });
    const auto left = static_cast<std::size_t>(known - lefts_.begin());
    if (known == lefts_.end()) lefts_.push_back({&product, row_for(*product.weights), nullptr});
    const Share rows = share_of(product.in.rows, part, parts_);
    if (rows.first == rows.last) return;
    const Share panels = panels_of(product);
    for (std::size_t panel = panels.first; panel < panels.last; ++panel) {
      tasks_.push_back({&product, left, panel, rows});
    }
  }

  // For each thread a piece and the sums of a task; then the rows, once or for each thread.
  void place_scratch(std::size_t copies) {
    std::size_t most_sums = 0;
    for (const PanelTask& task : tasks_) {
      most_sums = std::max(most_sums, (task.rows.last - task.rows.first) * kPanel);
    }
    own_bytes_ = sizeof(Unpacked) + most_sums * sizeof(float);
    left_bytes_ = 0;
    for (const QuantisedLeft& left : lefts_) left_bytes_ += left.bytes();
    own_ = team_.scratch(own_bytes_ * team_.size() + left_bytes_ * copies);
    std::byte* next = own_ + own_bytes_ * team_.size();
    for (QuantisedLeft& left : lefts_) {
      left.data = next;
      next += left.bytes();
    }
  }

  void convert_together() {
    team_.run([&](std::size_t thread) {
      for (const QuantisedLeft& left : lefts_) {
        convert(left, 0, share_of(left.product->in.rows, thread, team_.size()));
      }
    });
  }

  void convert(const QuantisedLeft& left, std::size_t copy, Share rows) const {
    for (std::size_t row = rows.first; row < rows.last; ++row) {
      kernels_.convert(left.product->in.row(row), left.row,
                       left.data + copy * left_bytes_ + row * left.row.bytes());
    }
  }

  void work(const PanelTask& task, std::size_t copy, std::size_t thread) const {
    std::byte* const own = own_ + thread * own_bytes_;
    auto& unpacked = *reinterpret_cast<Unpacked*>(own);
    auto* const sums = reinterpret_cast<float*>(own + sizeof(Unpacked));
    const QuantisedLeft& left = lefts_[task.left];
    const std::byte* const rows = left.data + copy * left_bytes_;
    const std::size_t padded = left.row.groups * left.row.group;
    const bool one_row = task.rows.last - task.rows.first == 1;
    const RightOperands operands(kernels_, *task.product->weights,
                                 one_row ? Quants::as_they_lie : Quants::as_bytes, unpacked);
    for (std::size_t input = 0; input < padded; input += operands.inputs()) {
      multiply_rows(task, left, rows, input, operands.piece(task.panel, input), sums);
    }
    copy_out(task, sums);
  }

  // Multiplies a piece with the rows of the task, tile by tile.
  void multiply_rows(const PanelTask& task, const QuantisedLeft& left, const std::byte* rows,
                     std::size_t input, QuantisedTile tile, float* sums) const {
    const std::size_t count = task.rows.last - task.rows.first;
    const std::size_t tiles = (count + kernels_.tile_rows - 1) / kernels_.tile_rows;
    const std::size_t quants = left.row.groups * left.row.group;
    tile.left_stride = left.row.bytes();
    tile.sums_stride = kPanel;
    for (std::size_t i = 0; i < tiles; ++i) {
      const Share part = share_of(count, i, tiles);
      const std::byte* const row = rows + (task.rows.first + part.first) * tile.left_stride;
      const std::byte* const scales = row + quants + input / tile.group * sizeof(float);
      tile.rows = part.last - part.first;
      tile.left = row + input;
      tile.left_scales = reinterpret_cast<const float*>(scales);
      tile.left_sums = reinterpret_cast<const int*>(scales + left.row.groups * sizeof(float));
      tile.sums = sums + part.first * kPanel;
      tile.onto = input == 0 ? nullptr : tile.sums;
      kernels_.multiply(tile);
    }
  }

  static void copy_out(const PanelTask& task, const float* sums) {
    const Placed place = placed(*task.product, task.panel);
    for (std::size_t row = task.rows.first; row < task.rows.last; ++row) {
      const float* const of_row = sums + (row - task.rows.first) * kPanel;
      std::copy(of_row + place.first, of_row + place.last,
                task.product->out.row(row) + place.column);
    }
  }

  Team& team_;
  const QuantisedKernels& kernels_;
  std::size_t most_rows_ = 0;
  std::size_t parts_ = 1;  // of the rows
  std::vector<QuantisedLeft> lefts_;
  std::vector<PanelTask> tasks_;
  std::byte* own_ = nullptr;
  std::size_t own_bytes_ = 0;
  std::size_t left_bytes_ = 0;  // of all rows
};

// The elements of an unpacked piece, as a panel of floats holds them.
void dequantise(const QuantisedTile& tile, float* elements) {
  for (std::size_t g = 0; g < tile.groups; ++g) {
    const auto* const quants =
        reinterpret_cast<const std::uint8_t*>(tile.quants + g * tile.quants_stride);
    const float* const scales = tile.scales + g * tile.scales_stride;
    for (std::size_t i = 0; i < tile.group; ++i) {
      for (std::size_t o = 0; o < kPanel; ++o) {
        const int quant = quants[i / 4 * 4 * kPanel + o * 4 + i % 4] - tile.offset;
        const float minimum = tile.minima == nullptr ? 0 : tile.minima[g * tile.scales_stride + o];
        elements[(g * tile.group + i) * kPanel + o] =
            scales[o] * static_cast<float>(quant) - minimum;
      }
    }
  }
}

// The transposed product, through floats: each piece of a panel becomes one of floats, which the
// kernels for floats multiply.
class QuantisedTransposed {
 public:
  QuantisedTransposed(const simd::Kernels& kernels, const TransposedProduct& product)
      : kernels_(kernels), product_(product) {
    const std::size_t end = product.first_output + product.in.columns;
    first_panel_ = product.first_output / kPanel;
    panels_ = (end + kPanel - 1) / kPanel - first_panel_;
    left_.resize(product.in.rows * panels_ * kPanel);
    for (std::size_t row = 0; row < product.in.rows; ++row) {
      std::copy_n(product.in.row(row), product.in.columns,
                  left_.data() + row * panels_ * kPanel + product.first_output % kPanel);
    }
  }

  [[nodiscard]] std::size_t pieces() const {
    return (product_.weights->inputs() + kPieceInputs - 1) / kPieceInputs;
  }

  void run(Share pieces) const {
    std::vector<float> elements(kPieceInputs * kPanel);
    const auto unpacked = std::make_unique<Unpacked>();
    const RightOperands operands(kernels_.quantised, *product_.weights, Quants::as_bytes,
                                 *unpacked);
    for (std::size_t piece = pieces.first; piece < pieces.last; ++piece) {
      const std::size_t input = piece * kPieceInputs;
      const std::size_t inputs = std::min(kPieceInputs, product_.weights->inputs() - input);
      for (std::size_t row = 0; row < product_.in.rows; ++row) {
        std::fill_n(product_.out.row(row) + input, inputs, 0.0F);
      }
      for (std::size_t panel = 0; panel < panels_; ++panel) {
        const QuantisedTile tile = operands.piece(first_panel_ + panel, input);
        dequantise(tile, elements.data());
        for (std::size_t row = 0; row < product_.in.rows; ++row) {
          add(left_.data() + (row * panels_ + panel) * kPanel, elements.data(),
              {product_.out.row(row) + input, inputs});
        }
      }
    }
  }

 private:
  void add(const float* left, const float* elements, std::span<float> out) const {
    for (std::size_t input = 0; input < out.size(); input += 16) {
      std::array<float, 16> sums{};
      const auto* const block = reinterpret_cast<const std::byte*>(elements + input * kPanel);
      kernels_.f32.transposed(left, 1, block, 0, sums.data());
      const std::size_t wanted = std::min(sums.size(), out.size() - input);
      for (std::size_t i = 0; i < wanted; ++i) out[input + i] += sums[i];
    }
  }

  const simd::Kernels& kernels_;
  const TransposedProduct& product_;
  std::size_t first_panel_ = 0;
  std::size_t panels_ = 0;
  std::vector<float> left_;  // (rows, panels, 64)
};

}  // namespace

void multiply_quantised(Team& team, std::span<const Product> products) {
  QuantisedProducts(team, products).run();
}

void multiply_transposed_quantised(Team& team, const TransposedProduct& product) {
  const QuantisedTransposed transposed(simd::kernels_of(team.isa()), product);
  team.run([&](std::size_t thread) {
    transposed.run(share_of(transposed.pieces(), thread, team.size()));
  });
}

}  // namespace llmarch::fast
