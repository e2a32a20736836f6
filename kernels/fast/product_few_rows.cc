#include <algorithm>
#include <array>
#include <tuple>
#include <vector>

#include "kernels/fast/product_parts.h"
#include "kernels/fast/shared_pieces.h"

// With few rows every weight is read once from memory, and nothing else takes time. Each thread has
// an equal stretch of the panels, cut within a panel if need be, and reads it in one, two or four
// streams (memory_streams.h), each of a half or a quarter of its panels; two at most with two or
// three rows, whose sums take the registers. Short streams, of a panel or less, gain nothing. A
// thread that finishes early takes pieces from the end of another's stretch (shared_pieces.h).
// Prefetching by instructions gains nothing either: 1 to 4 KiB ahead of two streams it cost 1 to
// 22 % (Zen 4, alternating within one process), ahead of one stream up to 3 %.
namespace llmarch::fast {
namespace {

using simd::ProductKernels;
using simd::Tile;

// The size of a piece that another thread may take: this many panels with several streams; with one
// stream, a part of a panel of at most this many bytes. Decode was no faster with half as much.
constexpr std::size_t kPiecePanels = 4;
constexpr std::size_t kPieceBytes = std::size_t{128} << 10U;
// The fewest pieces per thread worth sharing; with fewer, one piece is too large a part of a share.
constexpr std::size_t kWorthSharing = 16;
constexpr std::size_t kStepUnit = 8;  // stretches begin at a multiple

// The sums of a later part of a panel, to be added to those of its first part.
struct Remainder {
  const Product* product;
  std::size_t panel;
  std::size_t first_step;
  std::vector<float> sums;  // (rows, 64)
  [[nodiscard]] auto place() const { return std::tuple(product, panel, first_step); }
};
using Remainders = std::vector<Remainder>;

// A thread's left operand, and the product that it was converted for.
struct LeftOperand {
  std::byte* rows;
  const Product* of = nullptr;
};

// Panels of a product of which every column is needed.
struct WholePanels {
  const Product* product;
  Share panels;
};

// A place among the panels of several products, one after another.
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
      left_bytes_ = std::max(
          left_bytes_, product.in.rows * steps_of(*product.weights) * kernels(product).left_bytes);
    }
    left_bytes_ = (left_bytes_ + 63) / 64 * 64;
  }

  void run() {
    std::byte* const scratch = team_->scratch(left_bytes_ * team_->size());
    const std::size_t piece = piece_steps();
    if (piece > 0 && all_ / piece >= kWorthSharing * team_->size() && team_->size() > 1) {
      run_and_share(piece, scratch);
    } else {
      run_in_equal_parts(scratch);
    }
  }

 private:
  // The steps of a piece, where the panels of all products have the same length; else 0.
  [[nodiscard]] std::size_t piece_steps() const {
    const std::size_t steps = steps_of(*products_.front().weights);
    const bool same = std::all_of(products_.begin(), products_.end(), [&](const Product& product) {
      return steps_of(*product.weights) == steps;
    });
    if (!same) return 0;
    if (team_->streams() > 1) return kPiecePanels * steps;
    std::size_t piece = steps;
    while (piece * kStepBytes > kPieceBytes && piece % (2 * kStepUnit) == 0) piece /= 2;
    return piece;
  }

  void run_in_equal_parts(std::byte* scratch) const {
    std::vector<Remainders> remainders(team_->size());
    team_->run([&](std::size_t thread) {
      LeftOperand left{scratch + thread * left_bytes_};
      const Share units = share_of(all_ / kStepUnit, thread, team_->size());
      part({units.first * kStepUnit, units.last * kStepUnit}, left, remainders[thread]);
    });
    add(remainders);
  }

  void run_and_share(std::size_t piece, std::byte* scratch) const {
    SharedPieces pieces((all_ + piece - 1) / piece, team_->size());
    std::vector<Remainders> remainders(team_->size());
    team_->run([&](std::size_t thread) {
      LeftOperand left{scratch + thread * left_bytes_};
      const auto multiply_pieces = [&](Share some) {
        part({some.first * piece, std::min(some.last * piece, all_)}, left, remainders[thread]);
      };
      multiply_pieces(pieces.certain(thread));
      while (const auto one = pieces.next(thread)) multiply_pieces({*one, *one + 1});
    });
    add(remainders);
  }

  [[nodiscard]] const ProductKernels& kernels(const Product& product) const {
    return simd::kernels_of(team_->isa()).products(product.weights->stored());
  }

  // Multiplies the steps from `range.first` to `range.last`, with the panels of all products in one
  // line.
  void part(Share range, LeftOperand& left, Remainders& remainders) const {
    std::size_t start = 0;
    for (std::size_t i = 0; i < products_.size();) {
      std::size_t end = i + 1;
      while (end < products_.size() && same_input(products_[i], products_[end])) ++end;
      start = part(products_.subspan(i, end - i), start, range, left, remainders);
      i = end;
    }
  }

  // Does the same for products of the same rows, whose first step is `start`. Returns the first
  // step after them.
  std::size_t part(std::span<const Product> products, std::size_t start, Share range,
                   LeftOperand& left, Remainders& remainders) const {
    std::vector<WholePanels> whole;
    const std::size_t steps = steps_of(*products.front().weights);
    for (const Product& product : products) {
      const Share panels = panels_of(product);
      const std::size_t end = start + (panels.last - panels.first) * steps;
      const Share own{std::max(range.first, start), std::min(range.last, end)};
      if (own.first < own.last) {
        convert(product, left);
        part(product, {own.first - start, own.last - start}, left.rows, whole, remainders);
      }
      start = end;
    }
    whole_panels(whole, left.rows, remainders);
    return start;
  }

  // `range` counts from the product's first step. Panels that are entirely in it are only added to
  // `whole`, to be read in streams later.
  void part(const Product& product, Share range, const std::byte* left,
            std::vector<WholePanels>& whole, Remainders& remainders) const {
    const std::size_t steps = steps_of(*product.weights);
    const std::size_t first_panel = panels_of(product).first;
    WholePanels these{&product, {0, 0}};
    for (std::size_t i = range.first / steps; i * steps < range.last; ++i) {
      const std::size_t first = std::max(range.first, i * steps);
      const std::size_t last = std::min(range.last, (i + 1) * steps);
      const std::size_t panel = first_panel + i;
      if (last - first == steps && placed(product, panel).whole()) {
        if (these.panels.first == these.panels.last) these.panels.first = panel;
        these.panels.last = panel + 1;
      } else {
        stretch(product, panel, {first - i * steps, last - i * steps}, left, remainders);
      }
    }
    if (these.panels.first < these.panels.last) whole.push_back(these);
  }

  // Multiplies whole panels in as many streams as possible, and those left over one by one.
  void whole_panels(std::span<const WholePanels> whole, const std::byte* left,
                    Remainders& remainders) const {
    std::size_t count = 0;
    for (const WholePanels& some : whole) count += some.panels.last - some.panels.first;
    const std::size_t streams = streams_at_once(whole);
    const std::size_t each = streams > 1 ? count / streams : 0;
    std::array<PanelCursor, 4> cursors;
    for (std::size_t i = 0; i < streams; ++i) cursors[i] = PanelCursor(whole, i * each);
    for (std::size_t i = 0; i < each; ++i) at_once(std::span(cursors).first(streams), left);
    const auto all = [](const PanelCursor& cursor) {
      return Share{0, steps_of(*cursor.product().weights)};
    };
    PanelCursor& rest = cursors[streams - 1];
    for (std::size_t i = streams * each; i < count; ++i, rest.next()) {
      stretch(rest.product(), rest.panel(), all(rest), left, remainders);
    }
  }

  [[nodiscard]] std::size_t streams_at_once(std::span<const WholePanels> whole) const {
    if (whole.empty()) return 1;
    const Product& product = *whole.front().product;
    const ProductKernels& k = kernels(product);
    if (product.in.rows > k.streams_rows) return 1;
    return std::min(team_->streams(), k.streams_of[product.in.rows]);
  }

  // Multiplies one panel of each cursor, and advances the cursors.
  void at_once(std::span<PanelCursor> cursors, const std::byte* left) const {
    const Product& some = cursors[0].product();
    const ProductKernels& k = kernels(some);
    Tile tile{};
    tile.rows = some.in.rows;
    tile.columns = kPanel;
    tile.right_stride = 4 * kPanel;
    tile.steps = steps_of(*some.weights);
    tile.left = left;
    tile.left_stride = tile.steps * k.left_bytes;
    tile.stream_count = cursors.size();
    for (std::size_t i = 0; i < cursors.size(); ++i) {
      const Product& product = cursors[i].product();
      tile.streams[i] = product.weights->panel(cursors[i].panel());
      tile.outs[i] = product.out.data + placed(product, cursors[i].panel()).column;
      tile.out_strides[i] = product.out.stride;
      cursors[i].next();
    }
    k.part_streams(tile);
  }

  void convert(const Product& product, LeftOperand& left) const {
    if (left.of != nullptr && same_input(*left.of, product)) return;
    left.of = &product;
    const std::size_t steps = steps_of(*product.weights);
    const ProductKernels& k = kernels(product);
    for (std::size_t row = 0; row < product.in.rows; ++row) {
      k.convert(product.in.row(row), product.in.columns, steps,
                left.rows + row * steps * k.left_bytes);
    }
  }

  // Multiplies some steps of one panel.
  void stretch(const Product& product, std::size_t panel, Share steps, const std::byte* left,
               Remainders& remainders) const {
    const ProductKernels& k = kernels(product);
    const Placed place = placed(product, panel);
    const std::size_t rows = product.in.rows;
    Tile tile{};
    tile.rows = rows;
    tile.columns = kPanel;
    tile.right_stride = 4 * kPanel;
    tile.steps = steps.last - steps.first;
    tile.left = left + steps.first * k.left_bytes;
    tile.left_stride = steps_of(*product.weights) * k.left_bytes;
    tile.right = product.weights->panel(panel) + steps.first * kStepBytes;
    if (steps.first > 0) {
      remainders.push_back({&product, panel, steps.first, std::vector<float>(rows * kPanel)});
      tile.out = remainders.back().sums.data();
      tile.out_stride = kPanel;
      return along_streams(k, tile);
    }
    if (place.whole()) {
      tile.out = product.out.data + place.column;
      tile.out_stride = product.out.stride;
      return along_streams(k, tile);
    }
    std::array<float, 16 * kPanel> sums;  // whatever is read of it has been written before
    tile.out = sums.data();
    tile.out_stride = kPanel;
    along_streams(k, tile);
    for (std::size_t row = 0; row < rows; ++row) {
      std::copy_n(sums.data() + row * kPanel + place.first, place.last - place.first,
                  product.out.row(row) + place.column);
    }
  }

  // Multiplies some steps of a single panel. More rows than registers hold in several streams are
  // read in one: four rows took 1.3 times and six 1.7 times as long in quarters (Zen 5).
  void along_streams(const ProductKernels& k, Tile tile) const {
    if (team_->streams() > 1 && tile.rows <= k.streams_rows) return join_quarters(k, tile);
    tile.ahead = tile.far = tile.right;  // the machine's own prefetcher reads ahead
    k.multiply(tile);
  }

  // Multiplies a tile whose weights come from memory, reading the four quarters of its steps as
  // streams. The number of steps is a multiple of 8.
  static void join_quarters(const ProductKernels& kernels, Tile tile) {
    tile.steps /= 4;
    tile.left_gap = tile.steps * kernels.left_bytes;
    for (std::size_t i = 0; i < 4; ++i) tile.streams[i] = tile.right + i * tile.steps * kStepBytes;
    tile.stream_count = 4;
    kernels.join_streams(tile);
  }

  // Adds the sums in the order of the steps, whichever thread made them, so that results do not
  // depend on it.
  static void add(const std::vector<Remainders>& remainders) {
    std::vector<const Remainder*> ordered;
    for (const Remainders& some : remainders) {
      for (const Remainder& remainder : some) ordered.push_back(&remainder);
    }
    std::sort(ordered.begin(), ordered.end(),
              [](const Remainder* a, const Remainder* b) { return a->place() < b->place(); });
    for (const Remainder* remainder : ordered) add(*remainder);
  }

  static void add(const Remainder& remainder) {
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
  std::size_t left_bytes_ = 0;
};

}  // namespace

void multiply_few_rows(Team& team, std::span<const Product> products) {
  Stream(team, products).run();
}

}  // namespace llmarch::fast
