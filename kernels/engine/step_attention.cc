// Attention, the caches that it reads, and both forms of latent attention.
#include <algorithm>
#include <array>

#include "kernels/engine/held_caches.h"
#include "kernels/engine/step_choice.h"
#include "kernels/fast/matrix_product.h"
#include "kernels/reference/alibi.h"
#include "kernels/reference/rotary_table.h"

namespace llmarch::fast {
namespace {

// Positions that are expanded at a time: enough to make a product worth its set-up, few enough that
// their floats take little memory.
constexpr std::size_t kExpandedAtOnce = 256;

// The columns from `first` to first + columns of the rows.
Rows part(Rows rows, std::size_t first, std::size_t columns) {
  return {rows.data + first, rows.rows, columns, rows.stride};
}

const RotaryAngles& angles(Step& step, const Rotate& op) {
  const RotaryTable table = rotary_table(op.rotary, op.dim, sequence_length(step.workload));
  const std::size_t apart = size(op.dim) / 2;
  std::vector<Workspace::Angles>& known = step.space.angles;
  const std::size_t first = step.places.past;
  const std::size_t positions = step.places.tokens;
  for (const Workspace::Angles& each : known) {
    if (each.frequencies == table.frequencies && each.factor == table.factor &&
        each.table.apart == apart && each.table.first == first && each.positions == positions &&
        each.sense == op.sense) {
      return each.table;
    }
  }
  known.push_back({table.frequencies, table.factor, positions, op.sense,
                   rotary_angles(table.frequencies, table.factor, first, positions)});
  known.back().table.apart = apart;
  if (op.sense == RotationSense::back) {
    for (float& sine : known.back().table.sines) sine = -sine;
  }
  return known.back().table;
}

void count_attended(Step& step, const Attended& attended, ConstRows queries, ConstRows out) {
  step.count_each(static_cast<std::size_t>(attended.pairs));
  step.count_read(queries);
  step.count_written(out);
}

// The slope of ALiBi of each query head; empty where the attention has no ALiBi.
std::vector<float> slopes_of(const Attend& op) {
  std::vector<float> slopes;
  const std::size_t heads = size(op.query_heads);
  for (std::size_t head = 0; op.alibi && head < heads; ++head) {
    slopes.push_back(static_cast<float>(*op.alibi * alibi_slope(head, heads)));
  }
  return slopes;
}

LatentShape fast_shape(const llmarch::LatentShape& shape, double scale) {
  return {size(shape.heads), size(shape.nope_dim), size(shape.rope_dim), size(shape.latent_dim),
          static_cast<float>(scale)};
}

bool have_room(const ExpandedCaches& caches, const llmarch::LatentShape& shape,
               std::size_t sequences, std::size_t positions) {
  const CacheShape& keys = caches.keys.shape();
  return caches.positions == positions && keys.sequences == sequences &&
         keys.heads == size(shape.heads) && keys.width == size(shape.nope_dim + shape.rope_dim) &&
         caches.values.shape().width == size(shape.value_dim);
}

// Layers of one kind run one after another and share the caches for what they expand.
ExpandedCaches& expanded_caches(Step& step, const llmarch::LatentShape& shape, CacheFormat format) {
  const std::size_t positions = step.places.past + step.places.tokens;
  std::optional<ExpandedCaches>& caches = step.space.expanded;
  if (!caches || !have_room(*caches, shape, step.places.sequences, positions)) {
    caches.reset();
    caches.emplace(shape, format, step.places.sequences, positions);
  }
  return *caches;
}

// Reads the latents of the positions from `first` on, for each sequence, as rows of floats.
void read_latents(Step& step, const Cache& latents, std::size_t first, Rows out) {
  const std::size_t count = out.rows / step.places.sequences;
  step.team.run([&](std::size_t thread) {
    const Share share = share_of(out.rows, thread, step.team.size());
    for (std::size_t r = share.first; r < share.last; ++r) {
      latents.read(r / count, 0, first + r % count, {out.row(r), out.columns});
    }
  });
}

// The floats for latents, keys and values of as many positions as are expanded at a time.
std::size_t expansion_floats(std::size_t sequences, std::size_t latent, std::size_t keys,
                             std::size_t values) {
  return kExpandedAtOnce * sequences * (latent + keys + values);
}

// All heads' keys and values, side by side.
struct LatentWidths {
  explicit LatentWidths(const llmarch::LatentShape& shape)
      : keys(shape.heads * (shape.nope_dim + shape.rope_dim)),
        values(shape.heads * shape.value_dim) {}
  Integer keys, values;
};

Rows rows_of(Rows rows, Share share) {
  return {rows.row(share.first), share.last - share.first, rows.columns, rows.stride};
}

// What is expanded is kept in the format that attention multiplies with.
CacheFormat expanded_format(const llmarch::Cache& latents) {
  return cache_format(arithmetic_of(cache_format_of(latents)));
}

CacheShape expanded_shape(CacheLayout layout, CacheFormat format, std::size_t sequences,
                          Integer heads, Integer width, std::size_t positions) {
  return {layout, format, sequences, size(heads), size(width), positions};
}

}  // namespace

ExpandedCaches::ExpandedCaches(const llmarch::LatentShape& shape, CacheFormat format,
                               std::size_t sequences, std::size_t held)
    : positions(held),
      memory(bytes(shape, format, sequences, held)),
      keys(memory, expanded_shape(CacheLayout::keys, format, sequences, shape.heads,
                                  shape.nope_dim + shape.rope_dim, held)),
      values(memory, expanded_shape(CacheLayout::values, format, sequences, shape.heads,
                                    shape.value_dim, held)) {}

std::size_t ExpandedCaches::bytes(const llmarch::LatentShape& shape, CacheFormat format,
                                  std::size_t sequences, std::size_t held) {
  return HugeMemory::rounded(
             Cache::bytes(expanded_shape(CacheLayout::keys, format, sequences, shape.heads,
                                         shape.nope_dim + shape.rope_dim, held))) +
         HugeMemory::rounded(Cache::bytes(expanded_shape(CacheLayout::values, format, sequences,
                                                         shape.heads, shape.value_dim, held)));
}

Scratch ScratchOf::operator()(const ExpandLatents& op) const {
  const std::size_t latent = size(graph.cache(op.latents).columns);
  return {expansion_floats(sequences, latent, columns(op.keys), columns(op.values)), 0};
}

Scratch ScratchOf::operator()(const AttendExpanded& op) const {
  const LatentWidths widths(op.shape);
  const CacheFormat format = expanded_format(graph.cache(op.rope_keys));
  return {0,
          ExpandedCaches::bytes(op.shape, format, sequences, tokens) +
              gathered_bytes(op.reach, CacheLayout::keys, format, op.shape.heads, widths.keys) +
              gathered_bytes(op.reach, CacheLayout::values, format, op.shape.heads, widths.values)};
}

Scratch ScratchOf::operator()(const Attend& op) const {
  const auto gathered = [&](CacheId id, CacheLayout layout) {
    const llmarch::Cache& cache = graph.cache(id);
    return gathered_bytes(op.reach, layout, cache_format_of(cache), op.kv_heads, cache.columns);
  };
  return {0, gathered(op.keys, CacheLayout::keys) + gathered(op.values, CacheLayout::values)};
}

Scratch ScratchOf::operator()(const AttendLatent& op) const {
  const CacheFormat format = cache_format_of(graph.cache(op.latents));
  return {0, gathered_bytes(op.reach, CacheLayout::keys, format, 1, op.shape.latent_dim) +
                 gathered_bytes(op.reach, CacheLayout::keys, format, 1, op.shape.rope_dim)};
}

void run(Step& step, const Rotate& op) {
  const Rows in = step.value(op.in);
  const Rows out = step.value(op.out);
  const RotaryAngles& table = angles(step, op);
  rotate(step.team, in, size(op.heads), size(op.offset), op.rotary.layout, table, step.places, out);
  step.count_read(in);
  step.count_written(out);
  step.count_each(in.rows * size(op.heads) * table.pairs);
}

void run(Step& step, const Store& op) {
  const Rows in = step.value(op.in);
  step.cache(op.cache).store(step.team, in, step.places);
  step.count_read(in);
  step.count_cache_written(op.cache, in);
}

void run(Step& step, const Attend& op) {
  const Rows queries = step.value(op.query);
  const Rows out = step.value(op.out);
  GroupedShape shape{
      size(op.query_heads),         size(op.kv_heads), size(op.head_dim),    size(op.value_width()),
      static_cast<float>(op.scale), std::nullopt,      given_reach(op.reach)};
  if (op.soft_cap) shape.soft_cap = static_cast<float>(*op.soft_cap);
  const std::vector<float> slopes = slopes_of(op);
  shape.slopes = slopes;
  if (op.sinks) shape.sinks = step.vector(*op.sinks);
  shape.growth_length = op.growth_length;
  const auto attend_rows = [&](Share rows, const Places& places, const Cache& keys,
                               const Cache& values) {
    return attend(step.team, shape, rows_of(queries, rows), places, keys, values,
                  rows_of(out, rows));
  };
  const Attended attended =
      attend_within(step, op.reach, step.cache(op.keys), step.cache(op.values), attend_rows);
  count_attended(step, attended, queries, out);
  if (op.sinks) {
    step.count_weight(*op.sinks);
    step.count_elements(queries.rows * size(op.query_heads));
  }
  step.count_cache_read(op.keys, attended.keys);
  step.count_cache_read(op.values, attended.keys);
}

void run(Step& step, const AbsorbQuery& op) {
  const Rows queries = step.value(op.query);
  const Rows out = step.value(op.out);
  const std::size_t nope = size(op.shape.nope_dim);
  const std::size_t latent = size(op.shape.latent_dim);
  const std::size_t width = nope + size(op.shape.rope_dim);
  std::vector<TransposedProduct> heads;
  for (std::size_t head = 0; head < size(op.shape.heads); ++head) {
    heads.push_back({&step.matrix(op.key_up), head * nope, part(queries, head * width, nope),
                     part(out, head * latent, latent)});
  }
  multiply_transposed(step.team, heads);
  step.count_weight(op.key_up);
  step.count_read(queries);
  step.count_written(out);
  step.count_each(queries.rows);
}

void run(Step& step, const AttendLatent& op) {
  const Rows absorbed = step.value(op.absorbed);
  const Rows queries = step.value(op.query);
  const Rows out = step.value(op.out);
  const LatentShape shape = fast_shape(op.shape, op.scale);
  const auto attend_rows = [&](Share rows, const Places& places, const Cache& latents,
                               const Cache& rope_keys) {
    return attend_latent(step.team, shape, rows_of(absorbed, rows), rows_of(queries, rows), places,
                         latents, rope_keys, rows_of(out, rows));
  };
  const Attended attended =
      attend_within(step, op.reach, step.cache(op.latents), step.cache(op.rope_keys), attend_rows);
  count_attended(step, attended, queries, out);
  step.count_read(absorbed);
  step.count_cache_read(op.latents, attended.keys);
  step.count_cache_read(op.rope_keys, attended.keys);
}

void run(Step& step, const ExpandAttended& op) {
  const Rows in = step.value(op.in);
  const Rows out = step.value(op.out);
  const std::size_t latent = size(op.shape.latent_dim);
  const std::size_t width = size(op.shape.value_dim);
  std::vector<Product> heads;
  for (std::size_t head = 0; head < size(op.shape.heads); ++head) {
    heads.push_back({&step.matrix(op.value_up), head * width, part(in, head * latent, latent),
                     part(out, head * width, width)});
  }
  multiply(step.team, heads);
  step.count_weight(op.value_up);
  step.count_read(in);
  step.count_written(out);
  step.count_each(in.rows);
}

// Keys and values are made for some positions at a time and stored as caches, so that attention
// reads them like any other keys.
void run(Step& step, const ExpandLatents& op) {
  const PackedMatrix& key_up = step.matrix(op.key_up);
  const PackedMatrix& value_up = step.matrix(op.value_up);
  const Cache& latents = step.cache(op.latents);
  // The attention that reads them knows the number of heads.
  const auto is_attention = [&](const Node& node) {
    const auto* attend = std::get_if<AttendExpanded>(&node.op);
    return attend != nullptr && attend->keys == op.keys;
  };
  const auto& attend =
      std::get<AttendExpanded>(std::ranges::find_if(step.block->nodes, is_attention)->op);
  ExpandedCaches& expanded =
      expanded_caches(step, attend.shape, expanded_format(step.graph.cache(op.latents)));
  const std::size_t sequences = step.places.sequences;
  for (std::size_t first = 0; first < expanded.positions; first += kExpandedAtOnce) {
    const std::size_t count = std::min(kExpandedAtOnce, expanded.positions - first);
    const std::size_t rows = sequences * count;
    const std::size_t latent = key_up.inputs();
    float* floats =
        step.scratch(expansion_floats(sequences, latent, key_up.outputs(), value_up.outputs()));
    const Rows in{floats, rows, latent, latent};
    const Rows keys{in.row(rows), rows, key_up.outputs(), key_up.outputs()};
    const Rows values{keys.row(rows), rows, value_up.outputs(), value_up.outputs()};
    read_latents(step, latents, first, in);
    const std::array<Product, 2> products{Product{&key_up, 0, in, keys},
                                          Product{&value_up, 0, in, values}};
    multiply(step.team, products);
    for (std::size_t sequence = 0; sequence < sequences; ++sequence) {
      join_keys(step.team, {keys.row(sequence * count), count, keys.columns, keys.stride}, sequence,
                first, step.cache(attend.rope_keys), expanded.keys);
    }
    expanded.values.store(step.team, values, {sequences, count, first});
    step.count_each(rows);
    step.count_cache_read(op.latents, static_cast<std::int64_t>(rows));
    step.count_written(keys);
    step.count_written(values);
  }
  step.count_weight(op.key_up);
  step.count_weight(op.value_up);
}

void run(Step& step, const AttendExpanded& op) {
  const Rows queries = step.value(op.query);
  const Rows out = step.value(op.out);
  const std::size_t heads = size(op.shape.heads);
  const GroupedShape shape{heads,
                           heads,
                           size(op.shape.nope_dim + op.shape.rope_dim),
                           size(op.shape.value_dim),
                           static_cast<float>(op.scale),
                           std::nullopt,
                           EveryKey{}};
  const ExpandedCaches& expanded = step.space.expanded.value();
  const auto attend_rows = [&](Share rows, const Places& places, const Cache& keys,
                               const Cache& values) {
    return attend(step.team, shape, rows_of(queries, rows), places, keys, values,
                  rows_of(out, rows));
  };
  const Attended attended =
      attend_within(step, op.reach, expanded.keys, expanded.values, attend_rows);
  count_attended(step, attended, queries, out);
  step.count_cache_read(op.rope_keys, attended.keys);
  const Integer columns =
      step.block->values.at(op.keys).columns + step.block->values.at(op.values).columns;
  const std::size_t rows = step.places.sequences * expanded.positions;
  step.work().activations_read += Elements(columns * static_cast<std::int64_t>(rows));
}

}  // namespace llmarch::fast
