#include "kernels/fast/packed_matrix.h"

#include <algorithm>
#include <stdexcept>

#include "kernels/fast/random_fill.h"
#include "sim/enumerators.h"

namespace llmarch::fast {
namespace {

static_assert(enumerator_count<Stored>() == 2, "the kernels take whatever is not f32 for bf16");

// Calls body(element of the panel) for every input of an output within its panel.
template <class Element, class Body>
void along_inputs(Element* panel, std::size_t output, std::size_t inputs, std::size_t depth,
                  const Body& body) {
  Element* const column = panel + output % kPanel * depth;
  for (std::size_t input = 0; input < inputs; ++input) {
    body(column[input / depth * kPanel * depth + input % depth], input);
  }
}

}  // namespace

PackedMatrix::PackedMatrix(HugeMemory& memory, MatrixFormat format, std::size_t outputs,
                           std::size_t inputs)
    : format_(format),
      outputs_(outputs),
      inputs_(inputs),
      data_(memory.take(bytes(format, outputs, inputs))) {
  const bool by_blocks = !is_plain(format) && format != MatrixFormat::int8_channel;
  if (by_blocks && inputs % facts_of(format).inputs != 0) {
    throw std::invalid_argument("PackedMatrix: rows that are no whole blocks");
  }
}

std::size_t PackedMatrix::bytes(MatrixFormat format, std::size_t outputs, std::size_t inputs) {
  const std::size_t panels = (outputs + kPanel - 1) / kPanel;
  if (!is_plain(format)) return panels * quantised_panel_bytes(format, inputs);
  return panels * kPanel * ((inputs + 15) / 16 * 16) * bytes_of(stored_of(format));
}

void PackedMatrix::fill(std::size_t first_output, ConstRows weights) {
  if (weights.columns != inputs_ || first_output + weights.rows > outputs_) {
    throw std::invalid_argument("PackedMatrix::fill: rows that are not of this matrix");
  }
  for (std::size_t r = 0; r < weights.rows; ++r) {
    const std::size_t output = first_output + r;
    const float* const row = weights.row(r);
    std::byte* const at = data_ + output / kPanel * panel_bytes();
    if (stored() == Stored::f32) {
      along_inputs(reinterpret_cast<float*>(at), output, inputs_, 1,
                   [&](float& element, std::size_t input) { element = row[input]; });
    } else {
      along_inputs(
          reinterpret_cast<std::uint16_t*>(at), output, inputs_, 2,
          [&](std::uint16_t& element, std::size_t input) { element = to_bf16(row[input]); });
    }
  }
}

void PackedMatrix::fill_stored(std::size_t first_output, std::span<const std::byte> rows) {
  const std::size_t count = rows.size() / row_bytes();
  if (is_plain(format_) || rows.size() % row_bytes() != 0 || first_output + count > outputs_) {
    throw std::invalid_argument("PackedMatrix::fill_stored: rows that are not of this matrix");
  }
  for (std::size_t r = 0; r < count; ++r) {
    const std::size_t output = first_output + r;
    pack_row(format_, inputs_, rows.subspan(r * row_bytes(), row_bytes()), output % kPanel,
             data_ + output / kPanel * panel_bytes());
  }
}

void PackedMatrix::fill_synthetic(Team& team, std::uint64_t seed, float limit) {
  team.run([&](std::size_t thread) {
    const Share share = share_of(panels(), thread, team.size());
    for (std::size_t index = share.first; index < share.last; ++index) {
      std::byte* const at = data_ + index * panel_bytes();
      if (!is_plain(format_)) {
        fill_panel(format_, inputs_, mixed(seed, index), limit, at);
        continue;
      }
      const std::size_t depth = depth_of(stored());
      const std::size_t used = (inputs_ + depth - 1) / depth * depth;
      fill_randomly(stored(), at, used * kPanel, mixed(seed, index), limit);
      clear_padding(index);
    }
  });
}

void PackedMatrix::clear_padding(std::size_t index) {
  std::byte* const at = data_ + index * panel_bytes();
  const std::size_t width = bytes_of(stored());
  const std::size_t depth = depth_of(stored());
  const auto clear = [&](std::size_t output, std::size_t input) {
    const std::size_t element = (input / depth * kPanel + output) * depth + input % depth;
    std::fill_n(at + element * width, width, std::byte{0});
  };
  const std::size_t held = std::min(kPanel, outputs_ - index * kPanel);
  for (std::size_t output = held; output < kPanel; ++output) {
    for (std::size_t input = 0; input < inputs_; ++input) clear(output, input);
  }
  for (std::size_t input = inputs_; input < padded_inputs(); ++input) {
    for (std::size_t output = 0; output < kPanel; ++output) clear(output, input);
  }
}

void PackedMatrix::read(std::size_t output, std::span<float> row) const {
  if (output >= outputs_ || row.size() != inputs_) {
    throw std::invalid_argument("PackedMatrix::read: a row that is not of this matrix");
  }
  const std::byte* const at = panel(output / kPanel);
  if (!is_plain(format_)) return read_row(format_, at, output % kPanel, row);
  if (stored() == Stored::f32) {
    along_inputs(reinterpret_cast<const float*>(at), output, inputs_, 1,
                 [&](float element, std::size_t input) { row[input] = element; });
  } else {
    along_inputs(
        reinterpret_cast<const std::uint16_t*>(at), output, inputs_, 2,
        [&](std::uint16_t element, std::size_t input) { row[input] = from_bf16(element); });
  }
}

}  // namespace llmarch::fast
