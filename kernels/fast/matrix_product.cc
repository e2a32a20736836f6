#include "kernels/fast/matrix_product.h"

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <vector>

#include "kernels/fast/simd/kernels.h"

// How a product is blocked. With few rows every weight is read once from memory and that is all
// that costs: each thread streams an equal stretch of the panels, cut within a panel if need be.
// With many rows a piece of a panel (256 steps, 64 KiB) meets all rows before the next one; the
// rows' piece (512 rows, 512 KiB) stays in the second cache while four panels pass, and so do their
// sums. The next piece is prefetched, a line a step, while this one is worked on.
namespace llmarch::fast {
namespace {

using simd::ProductKernels;
using simd::Tile;

constexpr std::size_t kBlockSteps = 256;
constexpr std::size_t kRowBlock = 512;
constexpr std::size_t kGroup = 4;  // panels of a task
constexpr std::size_t kStepBytes = 4 * kPanel;
constexpr std::size_t kStepUnit = 8;  // stretches of a stream begin at a multiple

void check(const PackedMatrix& weights, std::size_t first_output, ConstRows inputs,
           ConstRows outputs) {
  if (inputs.columns != weights.inputs() || first_output + outputs.columns > weights.outputs() ||
      inputs.rows != outputs.rows) {
    throw std::invalid_argument("multiply: sizes that do not agree");
  }
}

std::size_t steps_of(const PackedMatrix& weights) {
  return weights.padded_inputs() / depth_of(weights.stored());
}

// The panels that hold a product's outputs.
Share panels_of(const Product& product) {
  const std::size_t end = product.first_output + product.out.columns;
  return {product.first_output / kPanel, (end + kPanel - 1) / kPanel};
}

// What a panel's 64 columns are to `out`: columns from first to last of the panel are wanted, and
// the first of them is column `column` of `out`.
struct Placed {
  std::size_t first, last, column;
  [[nodiscard]] bool whole() const { return first == 0 && last == kPanel; }
};

Placed placed(const Product& product, std::size_t panel) {
  const std::size_t start = panel * kPanel;
  const std::size_t first = std::max(start, product.first_output);
  const std::size_t last = std::min(start + kPanel, product.first_output + product.out.columns);
  return {first - start, last - start, first - product.first_output};
}

bool same_input(const Product& a, const Product& b) {
  return a.in.data == b.in.data && a.in.stride == b.in.stride && a.in.rows == b.in.rows &&
         a.in.columns == b.in.columns && a.weights->stored() == b.weights->stored();
}

// A tile whose weights come from memory: its steps' four quarters are streams (steps are a multiple
// of 8).
void join_quarters(const ProductKernels& kernels, Tile tile) {
  tile.steps /= 4;
  tile.left_gap = tile.steps * kernels.left_bytes;
  for (std::size_t i = 0; i < 4; ++i) tile.streams[i] = tile.right + i * tile.steps * kStepBytes;
  kernels.join_streams(tile);
}

// ---- few rows

// The sums of a panel whose first part was another thread's.
struct Remainder {
  const Product* product = nullptr;
  std::size_t panel = 0;
  std::vector<float> sums;  // (rows, 64)
};

class Stream {
 public:
  Stream(Team& team, std::span<const Product> products) : team_(&team), products_(products) {
    for (const Product& product : products) {
      const Share panels = panels_of(product);
      all_ += (panels.last - panels.first) * steps_of(*product.weights);
      most_rows_ = std::max(most_rows_, product.in.rows);
      left_bytes_ = std::max(
          left_bytes_, product.in.rows * steps_of(*product.weights) * kernels(product).left_bytes);
    }
    left_bytes_ = (left_bytes_ + 63) / 64 * 64;
  }

  void run() {
    std::byte* const scratch = team_->scratch(left_bytes_ * team_->size());
    std::vector<Remainder> remainders(team_->size());
    team_->run([&](std::size_t thread) {
      const Share units = share_of(all_ / kStepUnit, thread, team_->size());
      part({units.first * kStepUnit, units.last * kStepUnit}, scratch + thread * left_bytes_,
           remainders[thread]);
    });
    for (const Remainder& remainder : remainders) add(remainder);
  }

 private:
  [[nodiscard]] const ProductKernels& kernels(const Product& product) const {
    return simd::kernels_of(team_->isa()).products(product.weights->stored());
  }

  // The steps from `range.first` to `range.last`, all panels of all products in one line.
  void part(Share range, std::byte* left, Remainder& remainder) const {
    const Product* converted = nullptr;
    std::size_t start = 0;
    for (const Product& product : products_) {
      const std::size_t steps = steps_of(*product.weights);
      const Share panels = panels_of(product);
      for (std::size_t panel = panels.first; panel < panels.last;) {
        const std::size_t count = together(product, panel, range, start, steps) ? 4 : 1;
        const std::size_t first = std::max(range.first, start);
        const std::size_t last = std::min(range.last, start + count * steps);
        if (first < last) {
          if (converted == nullptr || !same_input(*converted, product)) convert(product, left);
          converted = &product;
          stretch(product, panel, {first - start, last - start}, count, left, remainder);
        }
        panel += count;
        start += count * steps;
      }
    }
  }

  // Whether four panels from this one on, the first of whose steps is `start`, lie in the range and
  // are wanted whole.
  [[nodiscard]] bool together(const Product& product, std::size_t panel, Share range,
                              std::size_t start, std::size_t steps) const {
    return product.in.rows <= kernels(product).streams_rows && start >= range.first &&
           start + 4 * steps <= range.last && panel + 4 <= panels_of(product).last &&
           placed(product, panel).first == 0 && placed(product, panel + 3).whole();
  }

  void convert(const Product& product, std::byte* left) const {
    const std::size_t steps = steps_of(*product.weights);
    const ProductKernels& k = kernels(product);
    for (std::size_t row = 0; row < product.in.rows; ++row) {
      k.convert(product.in.row(row), product.in.columns, steps, left + row * steps * k.left_bytes);
    }
  }

  // Some steps of one panel, or all of four.
  void stretch(const Product& product, std::size_t panel, Share steps, std::size_t panels,
               const std::byte* left, Remainder& remainder) const {
    const ProductKernels& k = kernels(product);
    const Placed place = placed(product, panel);
    const std::size_t rows = product.in.rows;
    Tile tile{};
    tile.rows = rows;
    tile.columns = kPanel;
    tile.steps = steps.last - steps.first;
    tile.left = left + steps.first * k.left_bytes;
    tile.left_stride = steps_of(*product.weights) * k.left_bytes;
    tile.right = product.weights->panel(panel) + steps.first * kStepBytes;
    if (panels == 4) {
      tile.steps /= 4;
      for (std::size_t i = 0; i < 4; ++i) tile.streams[i] = product.weights->panel(panel + i);
      tile.out = product.out.data + place.column;
      tile.out_stride = product.out.stride;
      return k.part_streams(tile);
    }
    if (steps.first > 0) {
      remainder = {&product, panel, std::vector<float>(rows * kPanel)};
      tile.out = remainder.sums.data();
      tile.out_stride = kPanel;
      return join_quarters(k, tile);
    }
    if (place.whole()) {
      tile.out = product.out.data + place.column;
      tile.out_stride = product.out.stride;
      return join_quarters(k, tile);
    }
    float sums[16 * kPanel];
    tile.out = sums;
    tile.out_stride = kPanel;
    join_quarters(k, tile);
    for (std::size_t row = 0; row < rows; ++row) {
      std::copy(sums + row * kPanel + place.first, sums + row * kPanel + place.last,
                product.out.row(row) + place.column);
    }
  }

  static void add(const Remainder& remainder) {
    if (remainder.product == nullptr) return;
    const Placed place = placed(*remainder.product, remainder.panel);
    for (std::size_t row = 0; row < remainder.product->in.rows; ++row) {
      float* const out = remainder.product->out.row(row) + place.column;
      for (std::size_t i = place.first; i < place.last; ++i) {
        out[i - place.first] += remainder.sums[row * kPanel + i];
      }
    }
  }

  Team* team_;
  std::span<const Product> products_;
  std::size_t all_ = 0;  // steps
  std::size_t most_rows_ = 0;
  std::size_t left_bytes_ = 0;
};

// ---- many rows

// The rows of a product as left operands: for each block of steps all rows, one after the other.
struct Left {
  const Product* product;  // the first that has these rows
  const ProductKernels* kernels;
  std::size_t steps;
  std::byte* data;

  [[nodiscard]] std::size_t row_bytes() const { return kBlockSteps * kernels->left_bytes; }
  [[nodiscard]] std::size_t blocks() const { return (steps + kBlockSteps - 1) / kBlockSteps; }
  [[nodiscard]] std::size_t bytes() const { return blocks() * product->in.rows * row_bytes(); }
  [[nodiscard]] std::byte* at(std::size_t block, std::size_t row) const {
    return data + (block * product->in.rows + row) * row_bytes();
  }
  [[nodiscard]] std::size_t steps_in(std::size_t block) const {
    return std::min(kBlockSteps, steps - block * kBlockSteps);
  }
  void convert(std::size_t row) const {
    const ConstRows& in = product->in;
    const std::size_t width = kBlockSteps * depth_of(product->weights->stored());
    for (std::size_t block = 0; block < blocks(); ++block) {
      const std::size_t first = block * width;
      const std::size_t columns = in.columns > first ? std::min(width, in.columns - first) : 0;
      kernels->convert(in.row(row) + first, columns, steps_in(block), at(block, row));
    }
  }
};

// Some panels of a product: what a thread takes at a time.
struct Task {
  const Product* product;
  const Left* left;
  Share panels;
};

class Blocked {
 public:
  Blocked(Team& team, std::span<const Product> products) : team_(&team) {
    lefts_.reserve(products.size());
    for (const Product& product : products) add(product);
  }

  void run() {
    const std::size_t sums_bytes = kGroup * kRowBlock * kPanel * sizeof(float);
    std::size_t total = sums_bytes * team_->size();
    for (const Left& left : lefts_) total += left.bytes();
    std::byte* next = team_->scratch(total);
    auto* const sums = reinterpret_cast<float*>(next);
    next += sums_bytes * team_->size();
    for (Left& left : lefts_) {
      left.data = next;
      next += left.bytes();
    }
    team_->run([&](std::size_t thread) {
      for (const Left& left : lefts_) {
        const Share rows = share_of(left.product->in.rows, thread, team_->size());
        for (std::size_t row = rows.first; row < rows.last; ++row) left.convert(row);
      }
    });
    std::atomic<std::size_t> taken{0};
    team_->run([&](std::size_t thread) {
      for (std::size_t i = taken++; i < tasks_.size(); i = taken++) {
        work(tasks_[i], sums + thread * sums_bytes / sizeof(float));
      }
    });
  }

 private:
  void add(const Product& product) {
    if (product.in.rows == 0) return;
    auto left = std::find_if(lefts_.begin(), lefts_.end(), [&](const Left& known) {
      return same_input(*known.product, product);
    });
    if (left == lefts_.end()) {
      const auto& kernels = simd::kernels_of(team_->isa()).products(product.weights->stored());
      left = lefts_.insert(left, {&product, &kernels, steps_of(*product.weights), nullptr});
    }
    const Share panels = panels_of(product);
    for (std::size_t first = panels.first; first < panels.last; first += kGroup) {
      tasks_.push_back({&product, &*left, {first, std::min(first + kGroup, panels.last)}});
    }
  }

  static void work(const Task& task, float* sums) {
    const std::size_t rows = task.product->in.rows;
    const std::size_t row_blocks = (rows + kRowBlock - 1) / kRowBlock;
    for (std::size_t i = 0; i < row_blocks; ++i) {
      const Share block = share_of(rows, i, row_blocks);
      for (std::size_t steps = 0; steps < task.left->blocks(); ++steps) {
        for (std::size_t panel = task.panels.first; panel < task.panels.last; ++panel) {
          float* const panel_sums = sums + (panel - task.panels.first) * kRowBlock * kPanel;
          piece(task, block, steps, panel, panel_sums);
        }
      }
    }
  }

  // The piece of weights that `task` comes to after this one.
  static const std::byte* after(const Task& task, std::size_t block, std::size_t panel) {
    const PackedMatrix& weights = *task.product->weights;
    const std::size_t block_bytes = kBlockSteps * kStepBytes;
    if (panel + 1 < task.panels.last) return weights.panel(panel + 1) + block * block_bytes;
    if (block + 1 < task.left->blocks()) {
      return weights.panel(task.panels.first) + (block + 1) * block_bytes;
    }
    return weights.panel(task.panels.first) + weights.panel_bytes() * kGroup;
  }

  // One panel's steps of one block for the rows of `rows`, tile by tile.
  static void piece(const Task& task, Share rows, std::size_t block, std::size_t panel,
                    float* sums) {
    const Left& left = *task.left;
    const std::size_t count = rows.last - rows.first;
    const std::size_t tiles = (count + left.kernels->tile_rows - 1) / left.kernels->tile_rows;
    const std::size_t lines = std::min<std::size_t>(64, (kStepBytes + tiles - 1) / tiles);
    const std::byte* const next = after(task, block, panel);
    for (std::size_t i = 0; i < tiles; ++i) {
      const Share part = share_of(count, i, tiles);
      Tile tile{};
      tile.rows = part.last - part.first;
      tile.columns = kPanel;
      tile.steps = left.steps_in(block);
      tile.left = left.at(block, rows.first + part.first);
      tile.left_stride = left.row_bytes();
      tile.right = task.product->weights->panel(panel) + block * kBlockSteps * kStepBytes;
      tile.onto = block == 0 ? nullptr : sums + part.first * kPanel;
      tile.onto_stride = kPanel;
      tile.ahead = next + i * tile.steps * lines;
      tile.ahead_stride = lines;
      finish(task, panel, rows.first + part.first, block + 1 == left.blocks(),
             sums + part.first * kPanel, i == 0 && tiles < 4, tile);
    }
  }

  static void finish(const Task& task, std::size_t panel, std::size_t row, bool last, float* sums,
                     bool cold, Tile& tile) {
    const Placed place = placed(*task.product, panel);
    const Rows& out = task.product->out;
    const bool direct = last && place.whole();
    tile.out = direct ? out.row(row) + place.column : sums;
    tile.out_stride = direct ? out.stride : kPanel;
    if (cold) {
      join_quarters(*task.left->kernels, tile);
    } else {
      task.left->kernels->multiply(tile);
    }
    if (!last || direct) return;
    for (std::size_t r = 0; r < tile.rows; ++r) {
      std::copy(sums + r * kPanel + place.first, sums + r * kPanel + place.last,
                out.row(row + r) + place.column);
    }
  }

  Team* team_;
  std::vector<Left> lefts_;
  std::vector<Task> tasks_;
};

// ---- transposed

void transposed_part(const simd::ProductKernels& kernels, const TransposedProduct& product,
                     Share blocks) {
  const PackedMatrix& weights = *product.weights;
  const std::size_t first_panel = product.first_output / kPanel;
  const std::size_t end = product.first_output + product.in.columns;
  const std::size_t panels = (end + kPanel - 1) / kPanel - first_panel;
  std::vector<float> left(panels * kPanel);
  for (std::size_t row = 0; row < product.in.rows; ++row) {
    float* const start = left.data() + product.first_output % kPanel;
    std::transform(product.in.row(row), product.in.row(row) + product.in.columns, start,
                   [&](float x) { return rounded(weights.stored(), x); });
    for (std::size_t block = blocks.first; block < blocks.last; ++block) {
      float sums[16];
      kernels.transposed(
          left.data(), panels,
          weights.panel(first_panel) + block * 16 * kPanel * bytes_of(weights.stored()),
          weights.panel_bytes(), sums);
      const std::size_t last = std::min<std::size_t>(16, weights.inputs() - block * 16);
      std::copy(sums, sums + last, product.out.row(row) + block * 16);
    }
  }
}

}  // namespace

void multiply(Team& team, std::span<const Product> products) {
  std::size_t most_rows = 0;
  std::size_t tile_rows = kRowBlock;
  for (const Product& product : products) {
    check(*product.weights, product.first_output, product.in, product.out);
    most_rows = std::max(most_rows, product.in.rows);
    const auto& kernels = simd::kernels_of(team.isa()).products(product.weights->stored());
    tile_rows = std::min(tile_rows, kernels.tile_rows);
  }
  if (most_rows == 0) return;
  if (most_rows <= tile_rows) {
    Stream(team, products).run();
  } else {
    Blocked(team, products).run();
  }
}

void multiply(Team& team, const PackedMatrix& weights, ConstRows in, Rows out) {
  const Product product{&weights, 0, in, out};
  multiply(team, std::span(&product, 1));
}

void multiply_transposed(Team& team, std::span<const TransposedProduct> products) {
  std::size_t all = 0;
  for (const TransposedProduct& product : products) {
    if (product.out.columns != product.weights->inputs() || product.in.rows != product.out.rows ||
        product.first_output + product.in.columns > product.weights->outputs()) {
      throw std::invalid_argument("multiply_transposed: sizes that do not agree");
    }
    all += product.weights->padded_inputs() / 16;
  }
  team.run([&](std::size_t thread) {
    const Share share = share_of(all, thread, team.size());
    std::size_t start = 0;
    for (const TransposedProduct& product : products) {
      const std::size_t blocks = product.weights->padded_inputs() / 16;
      const std::size_t first = std::max(share.first, start);
      const std::size_t last = std::min(share.last, start + blocks);
      const auto& kernels = simd::kernels_of(team.isa()).products(product.weights->stored());
      if (first < last) transposed_part(kernels, product, {first - start, last - start});
      start += blocks;
    }
  });
}

}  // namespace llmarch::fast
