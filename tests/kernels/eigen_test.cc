// The reference kernels against another library's, on sizes that are no multiples of anything.
#include <gtest/gtest.h>

#include <Eigen/Dense>

#include "tests/kernels/one_step.h"

namespace llmarch {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

struct Sizes {
  std::int64_t rows, columns, out_columns;
};

constexpr Sizes kSizes[] = {{1, 1, 1}, {1, 7, 3}, {3, 17, 5}, {5, 31, 33}, {13, 129, 67}};

Matrix random(std::int64_t rows, std::int64_t columns) {
  return Matrix::Random(rows, columns).cast<float>().cast<double>();  // weights are floats
}

std::vector<double> elements(const Matrix& matrix) {
  return {matrix.data(), matrix.data() + matrix.size()};
}

std::vector<float> floats(const Matrix& matrix) {
  const std::vector<double> all = elements(matrix);
  return {all.begin(), all.end()};
}

void expect_near(const std::vector<double>& got, const Matrix& expected) {
  ASSERT_EQ(std::ssize(got), expected.size());
  for (std::int64_t i = 0; i < expected.size(); ++i) {
    ASSERT_NEAR(got[static_cast<std::size_t>(i)], expected.data()[i], 1e-12) << "element " << i;
  }
}

TEST(AProjection, IsEigensProduct) {
  for (const auto& [rows, columns, out_columns] : kSizes) {
    const Matrix in = random(rows, columns);
    const Matrix weight = random(out_columns, columns);
    const Matrix bias = random(1, out_columns);
    OneStep step(prefill(rows, 1));
    const ValueId from = step.value(columns, elements(in));
    const ValueId to = step.value(out_columns);
    Project op{0, std::nullopt, from, to};
    op.weight = step.weight(WeightRole::up, out_columns, columns, floats(weight));
    const Matrix product = in * weight.transpose();
    expect_near(step.run(op), product);
    op.bias = step.weight(WeightRole::up_bias, 1, out_columns, floats(bias));
    expect_near(step.run(op), product.rowwise() + bias.row(0));
  }
}

TEST(ADotProduct, IsEigens) {
  for (const std::int64_t length : {1, 2, 3, 15, 16, 17, 255, 1023}) {
    const Matrix left = random(1, length);
    const Matrix right = random(1, length);
    const std::vector<double> a = elements(left);
    const std::vector<float> b = floats(right);
    EXPECT_NEAR(reference::dot(std::span<const double>(a), std::span<const float>(b)),
                left.row(0).dot(right.row(0)), 1e-12);
  }
}

TEST(ASoftmax, IsEigensExponentialsOverTheirSum) {
  for (const std::int64_t length : {1, 2, 3, 17, 255}) {
    const Matrix scores = 5 * random(1, length);
    std::vector<double> got = elements(scores);
    reference::softmax(std::span(got));
    const Matrix exponentials = scores.array().exp().matrix();
    expect_near(got, exponentials / exponentials.sum());
  }
}

TEST(AnRmsNorm, IsEigens) {
  for (const std::int64_t length : {1, 3, 17, 255}) {
    const Matrix in = random(1, length);
    const Matrix weight = random(1, length);
    const std::vector<double> row = elements(in);
    const std::vector<float> scale = floats(weight);
    std::vector<double> got(row.size());
    reference::normalize_rms(std::span<const double>(row), std::span<const float>(scale), 1e-5,
                             std::span(got));
    const double root = std::sqrt(in.squaredNorm() / static_cast<double>(length) + 1e-5);
    expect_near(got, (in.array() * weight.array() / root).matrix());
  }
}

// Every query of one head against all keys at once, masked and weighed.
TEST(Attention, IsEigensSoftmaxOfProducts) {
  for (const auto& [tokens, width, unused] : kSizes) {
    const Matrix query = random(tokens, width);
    const Matrix key = random(tokens, width);
    const Matrix value = random(tokens, width);
    Matrix weights = (0.3 * query * key.transpose()).array().exp().matrix();
    weights = Matrix(weights.triangularView<Eigen::Lower>());
    const Matrix shares = weights.array().colwise() / weights.rowwise().sum().array();
    OneStep step(prefill(tokens, 1));
    const ValueId from = step.value(width, elements(query));
    const CacheId keys = step.cache(width, elements(key));
    const CacheId values = step.cache(width, elements(value));
    const ValueId to = step.value(width);
    expect_near(
        step.run(Attend{1, 1, width, 0.3, std::nullopt, EveryKey{}, from, keys, values, to}),
        shares * value);
  }
}

}  // namespace
}  // namespace llmarch
