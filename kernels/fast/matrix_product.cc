#include "kernels/fast/matrix_product.h"

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <vector>

#include "kernels/fast/simd/kernels.h"

// How a product is blocked. With few rows every weight is read once from memory and that is all
// that costs: each thread has an equal stretch of the panels, cut within a panel if need be, and
// goes over it in four streams, a quarter of its panels each. Memory gives four long streams half
// as much again as one (timed: 39 and 28 GB/s for a thread); short ones, a panel or less, nothing.
//
// With many rows a piece of a panel (512 steps, 128 KiB) meets all rows of a thread before the next
// one; the rows' piece stays in the second cache while two panels pass, and so do their sums.
// Prefetched meanwhile are the next tile's rows and, bit by bit, the next piece of weights. Threads
// have rows of their own while there are enough: what one writes is not then read by another, which
// may have to fetch it from another part of the chip.
namespace llmarch::fast {
namespace {

using simd::ProductKernels;
using simd::Tile;

constexpr std::size_t kBlockSteps = 512;
constexpr std::size_t kRowBlock = 512;
constexpr std::size_t kFewestRows = 128;  // of a thread of its own
constexpr std::size_t kGroup = 2;         // panels of a task
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

// Panels of a product that are wanted whole.
struct WholePanels {
  const Product* product;
  Share panels;
};

// A place in a row of such panels.
class PanelCursor {
 public:
  PanelCursor() = default;
  PanelCursor(std::span<const WholePanels> whole, std::size_t ahead) : whole_(whole) {
    while (some_ < whole_.size() && ahead >= length()) {
      ahead -= length();
      ++some_;
    }
    at_ = ahead;
  }
  [[nodiscard]] const Product& product() const { return *whole_[some_].product; }
  [[nodiscard]] std::size_t panel() const { return whole_[some_].panels.first + at_; }
  void next() {
    if (++at_ < length()) return;
    at_ = 0;
    ++some_;
  }

 private:
  [[nodiscard]] std::size_t length() const {
    return whole_[some_].panels.last - whole_[some_].panels.first;
  }
  std::span<const WholePanels> whole_;
  std::size_t some_ = 0;
  std::size_t at_ = 0;
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
    std::size_t start = 0;
    for (std::size_t i = 0; i < products_.size();) {
      std::size_t end = i + 1;
      while (end < products_.size() && same_input(products_[i], products_[end])) ++end;
      start = part(products_.subspan(i, end - i), start, range, left, remainder);
      i = end;
    }
  }

  // Products of the same rows, the first of whose steps is `start`; gives the first step after
  // them.
  std::size_t part(std::span<const Product> products, std::size_t start, Share range,
                   std::byte* left, Remainder& remainder) const {
    bool converted = false;
    std::vector<WholePanels> whole;
    const std::size_t steps = steps_of(*products.front().weights);
    for (const Product& product : products) {
      const Share panels = panels_of(product);
      WholePanels these{&product, {panels.first, panels.first}};
      for (std::size_t panel = panels.first; panel < panels.last; ++panel, start += steps) {
        const std::size_t first = std::max(range.first, start);
        const std::size_t last = std::min(range.last, start + steps);
        if (first >= last) continue;
        if (!converted) convert(product, left);
        converted = true;
        if (last - first == steps && placed(product, panel).whole()) {
          if (these.panels.first == these.panels.last) these.panels.first = panel;
          these.panels.last = panel + 1;
        } else {
          stretch(product, panel, {first - start, last - start}, left, remainder);
        }
      }
      if (these.panels.first < these.panels.last) whole.push_back(these);
    }
    whole_panels(whole, left, remainder);
    return start;
  }

  // Panels that are wanted whole, in four streams; what is left over of four, one by one.
  void whole_panels(std::span<const WholePanels> whole, const std::byte* left,
                    Remainder& remainder) const {
    std::size_t count = 0;
    for (const WholePanels& some : whole) count += some.panels.last - some.panels.first;
    const std::size_t quarter = streams_at_once(whole) ? count / 4 : 0;
    PanelCursor cursors[4];
    for (std::size_t i = 0; i < 4; ++i) cursors[i] = PanelCursor(whole, i * quarter);
    for (std::size_t i = 0; i < quarter; ++i) four(cursors, left);
    const auto all = [](const PanelCursor& cursor) {
      return Share{0, steps_of(*cursor.product().weights)};
    };
    PanelCursor& rest = cursors[3];
    for (std::size_t i = 4 * quarter; i < count; ++i, rest.next()) {
      stretch(rest.product(), rest.panel(), all(rest), left, remainder);
    }
  }

  [[nodiscard]] bool streams_at_once(std::span<const WholePanels> whole) const {
    if (whole.empty()) return false;
    const Product& product = *whole.front().product;
    return product.in.rows <= kernels(product).streams_rows;
  }

  // A panel of each cursor, all of which move on.
  void four(PanelCursor (&cursors)[4], const std::byte* left) const {
    const Product& some = cursors[0].product();
    const ProductKernels& k = kernels(some);
    Tile tile{};
    tile.rows = some.in.rows;
    tile.columns = kPanel;
    tile.steps = steps_of(*some.weights);
    tile.left = left;
    tile.left_stride = tile.steps * k.left_bytes;
    for (std::size_t i = 0; i < 4; ++i) {
      const Product& product = cursors[i].product();
      tile.streams[i] = product.weights->panel(cursors[i].panel());
      tile.outs[i] = product.out.data + placed(product, cursors[i].panel()).column;
      tile.out_strides[i] = product.out.stride;
      cursors[i].next();
    }
    k.part_streams(tile);
  }

  void convert(const Product& product, std::byte* left) const {
    const std::size_t steps = steps_of(*product.weights);
    const ProductKernels& k = kernels(product);
    for (std::size_t row = 0; row < product.in.rows; ++row) {
      k.convert(product.in.row(row), product.in.columns, steps, left + row * steps * k.left_bytes);
    }
  }

  // Some steps of one panel.
  void stretch(const Product& product, std::size_t panel, Share steps, const std::byte* left,
               Remainder& remainder) const {
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

// Some panels of a product and some of its rows: what a thread takes at a time.
struct Task {
  const Product* product;
  const Left* left;
  Share panels;
  Share rows;
};

class Blocked {
 public:
  Blocked(Team& team, std::span<const Product> products) : team_(&team) {
    lefts_.reserve(products.size());
    std::size_t most_rows = 0;
    for (const Product& product : products) most_rows = std::max(most_rows, product.in.rows);
    queues_.resize(parts(most_rows));
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
    std::vector<Taken> taken(queues_.size());
    team_->run([&](std::size_t thread) {
      float* const own_sums = sums + thread * sums_bytes / sizeof(float);
      const std::size_t own = thread * queues_.size() / team_->size();
      for (std::size_t i = 0; i < queues_.size(); ++i) {
        const std::size_t queue = (own + i) % queues_.size();
        work_off(queues_[queue], taken[queue].count, own_sums);
      }
    });
  }

 private:
  // Queues are taken from by several threads; each counter has a line of its own.
  struct alignas(64) Taken {
    std::atomic<std::size_t> count{0};
  };

  // Into how many parts rows are divided, each for a thread or several.
  [[nodiscard]] std::size_t parts(std::size_t rows) const {
    return std::clamp<std::size_t>(rows / kFewestRows, 1, team_->size());
  }

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
    const std::size_t own_parts = parts(product.in.rows);
    for (std::size_t part = 0; part < own_parts; ++part) {
      const Share rows = share_of(product.in.rows, part, own_parts);
      for (std::size_t first = panels.first; first < panels.last; first += kGroup) {
        const std::size_t queue = own_parts == queues_.size() ? part : next_queue_++;
        queues_[queue % queues_.size()].push_back(
            {&product, &*left, {first, std::min(first + kGroup, panels.last)}, rows});
      }
    }
  }

  static void work_off(const std::vector<Task>& queue, std::atomic<std::size_t>& taken,
                       float* sums) {
    for (std::size_t i = taken++; i < queue.size(); i = taken++) work(queue[i], sums);
  }

  static void work(const Task& task, float* sums) {
    const std::size_t rows = task.rows.last - task.rows.first;
    const std::size_t row_blocks = (rows + kRowBlock - 1) / kRowBlock;
    for (std::size_t i = 0; i < row_blocks; ++i) {
      const Share some = share_of(rows, i, row_blocks);
      const Share block{task.rows.first + some.first, task.rows.first + some.last};
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
    const std::size_t far_stride = (kStepBytes + tiles - 1) / tiles;
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
      tile.ahead = left.at(block, rows.first + (i + 1 < tiles ? part.last : 0));
      tile.ahead_stride = tile.rows * left.kernels->left_bytes;
      tile.far = next + i * tile.steps * far_stride;
      tile.far_stride = far_stride;
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
  std::vector<std::vector<Task>> queues_;
  std::size_t next_queue_ = 0;
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
