#include "kernels/fast/matrix_product.h"

#include <algorithm>
#include <array>
#include <limits>
#include <stdexcept>
#include <vector>

#include "kernels/fast/product_parts.h"

namespace llmarch::fast {
namespace {

void check(const PackedMatrix& weights, std::size_t first_output, ConstRows inputs,
           ConstRows outputs) {
  if (inputs.columns != weights.inputs() || first_output + outputs.columns > weights.outputs() ||
      inputs.rows != outputs.rows) {
    throw std::invalid_argument("multiply: sizes that do not agree");
  }
}

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
      std::array<float, 16> sums{};
      kernels.transposed(
          left.data(), panels,
          weights.panel(first_panel) + block * 16 * kPanel * bytes_of(weights.stored()),
          weights.panel_bytes(), sums.data());
      const std::size_t last = std::min<std::size_t>(16, weights.inputs() - block * 16);
      std::copy_n(sums.begin(), last, product.out.row(row) + block * 16);
    }
  }
}

void multiply_plain(Team& team, std::span<const Product> products) {
  std::size_t most_rows = 0;
  std::size_t tile_rows = std::numeric_limits<std::size_t>::max();
  for (const Product& product : products) {
    most_rows = std::max(most_rows, product.in.rows);
    const auto& kernels = simd::kernels_of(team.isa()).products(product.weights->stored());
    tile_rows = std::min(tile_rows, kernels.tile_rows);
  }
  if (most_rows == 0) return;
  if (most_rows <= tile_rows) {
    multiply_few_rows(team, products);
  } else {
    multiply_many_rows(team, products);
  }
}

}  // namespace

void multiply(Team& team, std::span<const Product> products) {
  for (const Product& product : products) {
    check(*product.weights, product.first_output, product.in, product.out);
  }
  std::vector<Product> ordered(products.begin(), products.end());
  const auto quantised = std::stable_partition(
      ordered.begin(), ordered.end(),
      [](const Product& product) { return is_plain(product.weights->format()); });
  if (quantised != ordered.begin()) multiply_plain(team, {ordered.begin(), quantised});
  if (quantised != ordered.end()) multiply_quantised(team, {quantised, ordered.end()});
}

void multiply(Team& team, const PackedMatrix& weights, ConstRows in, Rows out) {
  const Product product{&weights, 0, in, out};
  multiply(team, std::span(&product, 1));
}

void multiply_transposed(Team& team, std::span<const TransposedProduct> given) {
  std::vector<TransposedProduct> products;
  std::size_t all = 0;
  for (const TransposedProduct& product : given) {
    if (product.out.columns != product.weights->inputs() || product.in.rows != product.out.rows ||
        product.first_output + product.in.columns > product.weights->outputs()) {
      throw std::invalid_argument("multiply_transposed: sizes that do not agree");
    }
    if (!is_plain(product.weights->format())) {
      multiply_transposed_quantised(team, product);
      continue;
    }
    products.push_back(product);
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
