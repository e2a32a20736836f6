#include "sim/graph/shard_rules.h"

#include <utility>

#include "sim/graph/shard_expert_rules.h"
#include "sim/graph/shard_layouts.h"
#include "sim/graph/shard_whole_rows.h"

namespace llmarch {
namespace {

class Rules : private WholeRowRules, private ExpertRules {
 public:
  explicit Rules(RankBlock& block) : WholeRowRules(block), ExpertRules(block), block_(block) {}
  using WholeRowRules::operator();
  using ExpertRules::operator();

  // --- Rows of tables: each rank looks up those of its share of the vocabulary.
  void operator()(Embed op) const {
    const Weight& table = block_.model_weight(op.table);
    if (tensor() == 1 || split_axis_of(table.role) == SplitAxis::none) {
      op.table = block_.weight(op.table);
      op.out = block_.make_whole(op.out);
      return block_.append(op);
    }
    op.table = block_.weight_rows(op.table, tensor());
    const Integer rows = block_.rank().shard.graph.weight(op.table).rows;
    op.share = Share{block_.own_share(tensor()) * rows, table.rows};
    op.out = block_.make_partial(op.out);
    block_.append(op);
  }
  void operator()(AddPositions op) const {
    op.table = block_.weight(op.table);
    in_whole(block_, op);
  }

  // --- What is done to each element, or to rows of several vectors, in the layout that they are
  // in. A product with a factor of the row may be taken before or after the sum over ranks.
  template <OneOf<Scale, ScaleByPosition> Op>
  void operator()(const Op& op) const {
    as_made(block_, op);
  }
  void operator()(ScaleByConstant op) const {
    op.factor = block_.weight(op.factor);
    as_made(block_, op);
  }
  template <OneOf<SoftCap, Clip, Activate> Op>
  void operator()(const Op& op) const {
    by_element(block_, op);
  }
  void operator()(ActivateXielu op) const {
    op.positive = block_.weight(op.positive);
    op.negative = block_.weight(op.negative);
    by_element(block_, op);
  }
  void operator()(ScaleColumns op) const {
    const ValueId out = op.out;
    if (block_.layout(op.in) != Layout::divided) {
      op.weight = block_.weight(op.weight);
      return as_made(block_, op);
    }
    op.weight = block_.weight_rows(op.weight, block_.shares(op.in));
    op.out = block_.make_like(out, op.in);
    op.in = block_.as_made(op.in);
    block_.append(op);
  }
  // A single gate multiplies every column, partial sums too.
  void operator()(GateRows op) const {
    const ValueId in = op.in;
    const bool whole = block_.layout(in) != Layout::divided || block_.columns(op.gate) == 1;
    op.gate = whole ? block_.whole(op.gate) : block_.divided(op.gate, block_.shares(in));
    op.in = block_.as_made(in);
    op.out = block_.make_like(op.out, in);
    block_.append(op);
  }
  void operator()(Gate op) const { both(block_, op, op.gate, op.up); }
  void operator()(Multiply op) const { both(block_, op, op.left, op.right); }
  // The sum of two partial sums is one.
  void operator()(Add op) const {
    const bool partial =
        block_.layout(op.left) == Layout::partial && block_.layout(op.right) == Layout::partial;
    if (!partial) return both(block_, op, op.left, op.right);
    op.out = block_.make_partial(op.out);
    op.left = block_.as_made(op.left);
    op.right = block_.as_made(op.right);
    block_.append(op);
  }

  // --- Norms: vectors that a rank has wholly stay where they are.
  void operator()(Normalize op) const {
    const bool divided = block_.layout(op.in) == Layout::divided;
    if (!divided || op.groups % block_.shares(op.in) != 0) {
      if (op.weight) op.weight = block_.weight(*op.weight);
      if (op.bias) op.bias = block_.weight(*op.bias);
      return in_whole(block_, op);
    }
    const Integer shares = block_.shares(op.in);
    if (op.weight) {
      const bool own = block_.model_weight(*op.weight).copies == op.groups && op.groups > 1;
      op.weight = own ? block_.weight_copies(*op.weight, shares) : block_.weight(*op.weight);
    }
    if (op.bias) op.bias = block_.weight(*op.bias);
    op.groups = op.groups / shares;
    by_element(block_, op);
  }
  void operator()(NormalizeLength op) const {
    if (block_.layout(op.in) == Layout::divided) op.vectors = op.vectors / block_.shares(op.in);
    by_element(block_, op);
  }

  // --- Projections.
  void operator()(const Project& op) const {
    switch (split_axis_of(block_.model_weight(op.weight).role)) {
      case SplitAxis::none: return project_whole(op);
      case SplitAxis::rows: return project_rows(op, block_.shares_of_units(op.out));
      case SplitAxis::padded_rows: return project_rows(op, tensor());
      case SplitAxis::columns: return project_columns(op);
    }
    throw std::logic_error("Project: an axis outside the enumeration");
  }
  void operator()(ProjectEach op) const {
    op.weight = block_.weight(op.weight);
    in_whole(block_, op);
  }

  // --- Attention by heads.
  void operator()(Rotate op) const {
    const Integer shares = block_.shares_of_units(op.in);
    op.heads = op.heads / shares;
    op.in = block_.divided(op.in, shares);
    op.out = block_.make_divided(op.out, shares);
    block_.append(op);
  }
  void operator()(Store op) const {
    const Integer shares = block_.shares_of_units(op.in);
    op.cache = block_.cache(op.cache, shares);
    op.in = block_.divided(op.in, shares);
    block_.append(op);
  }
  // Each group of heads chooses for itself, so a rank chooses for the groups that it has.
  void operator()(ChooseKeys op) const {
    refuse_context("keys that an index chooses");
    const auto shares = op.groups == 1 ? Integer(1) : shares_of(op.groups, tensor());
    if (!shares) refuse_heads(op.groups, "groups of heads");
    op.query = block_.divided(op.query, *shares);
    if (op.weights) op.weights = block_.whole(*op.weights);
    op.share = own_part(op.groups, *shares);
    op.groups = op.groups / *shares;
    op.keys = block_.cache(op.keys);
    block_.append(op);
  }
  void operator()(Attend op) const {
    need_all_ranks(op.query_heads, "query heads");
    op.query = block_.divided(op.query, tensor());
    op.kv_heads = op.kv_heads / block_.shares_of_cache(op.keys);
    op.share = own_part(op.query_heads, tensor());
    op.query_heads = op.query_heads / tensor();
    op.reach = block_.own_reach(op.keys, op.reach);
    op.keys = block_.cache(op.keys);
    op.values = block_.cache(op.values);
    // They enter the sum of all keys once.
    const bool adds_sinks = op.sinks && (!is_part(op.reach) || context_ranks().own == 0);
    op.sinks = adds_sinks ? std::optional(block_.weight_rows(*op.sinks, tensor())) : std::nullopt;
    op.out = block_.make_divided(op.out, tensor());
    append_attention(op, op.query_heads);
  }

  // --- Latent attention: heads are divided, latents are not.
  void operator()(AbsorbQuery op) const {
    divide(op.shape);
    op.key_up = block_.weight_rows(op.key_up, tensor());
    op.query = block_.divided(op.query, tensor());
    op.out = block_.make_divided(op.out, tensor());
    block_.append(op);
  }
  void operator()(AttendLatent op) const {
    divide(op.shape);
    op.absorbed = block_.divided(op.absorbed, tensor());
    op.query = block_.divided(op.query, tensor());
    op.reach = block_.own_reach(op.latents, op.reach);
    op.latents = block_.cache(op.latents);
    op.rope_keys = block_.cache(op.rope_keys);
    op.out = block_.make_divided(op.out, tensor());
    append_attention(op, op.shape.heads);
  }
  void operator()(ExpandAttended op) const {
    divide(op.shape);
    op.value_up = block_.weight_rows(op.value_up, tensor());
    op.in = block_.divided(op.in, tensor());
    op.out = block_.make_divided(op.out, tensor());
    block_.append(op);
  }
  void operator()(ExpandLatents op) const {
    op.reach = block_.own_reach(op.latents, op.reach);
    op.latents = block_.cache(op.latents);
    op.key_up = block_.weight_rows(op.key_up, tensor());
    op.value_up = block_.weight_rows(op.value_up, tensor());
    op.keys = block_.make_divided(op.keys, tensor());
    op.values = block_.make_divided(op.values, tensor());
    for (const ValueId made : {op.keys, op.values}) block_.stripe(made, op.reach);
    block_.append(op);
  }
  void operator()(AttendExpanded op) const {
    divide(op.shape);
    op.query = block_.divided(op.query, tensor());
    op.keys = block_.divided(op.keys, tensor());
    op.values = block_.divided(op.values, tensor());
    op.reach = block_.own_reach(op.rope_keys, op.reach);
    op.rope_keys = block_.cache(op.rope_keys);
    op.out = block_.make_divided(op.out, tensor());
    append_attention(op, op.shape.heads);
  }

  // --- Compressed attention: heads are divided, vectors that are keys and values at once are not,
  // and every rank makes the entries that stand for groups of them.
  void operator()(Compress op) const {
    refuse_context("entries that stand for groups of positions");
    for (CompressedPart* part : {&op.own, op.before ? &*op.before : nullptr}) {
      if (part == nullptr) continue;
      part->values = block_.cache(part->values);
      part->gates = block_.cache(part->gates);
      part->bias = block_.weight(part->bias);
    }
    op.norm = block_.weight(op.norm);
    op.entries = block_.cache(op.entries, 1);
    block_.append(op);
  }
  void operator()(AttendShared op) const {
    refuse_context("keys that are values too");
    need_all_ranks(op.heads, "query heads");
    op.heads = op.heads / tensor();
    op.query = block_.divided(op.query, tensor());
    op.recent = block_.cache(op.recent);
    if (op.entries) op.entries->cache = block_.cache(op.entries->cache);
    op.sinks = block_.weight_rows(op.sinks, tensor());
    op.out = block_.make_divided(op.out, tensor());
    block_.append(op);
  }

  // --- Fixed states: columns and heads have states of their own.
  void operator()(Convolve op) const {
    const bool divided = block_.layout(op.in) == Layout::divided;
    const Integer shares = divided ? block_.shares(op.in) : Integer(1);
    op.taps = block_.weight_rows(op.taps, shares);
    if (op.bias) op.bias = block_.weight_rows(*op.bias, shares);
    op.state = block_.cache(op.state, shares);
    by_element(block_, op);
  }
  void operator()(Decay op) const {
    const bool divided = block_.layout(op.in) == Layout::divided;
    op.rate = block_.weight_rows(op.rate, divided ? block_.shares(op.in) : Integer(1));
    by_element(block_, op);
  }
  void operator()(const Recurrence& op) const { block_.append(own_heads(op)); }
  void operator()(const ChunkedRecurrence& op) const {
    block_.append(ChunkedRecurrence{own_heads(op.rule), op.chunk});
  }
  [[nodiscard]] Recurrence own_heads(Recurrence op) const {
    need_all_ranks(op.shape.value_heads, "heads of a recurrence");
    const auto shares = shares_of(op.shape.key_heads, tensor());
    if (!shares) refuse_heads(op.shape.key_heads, "key heads of a recurrence");
    op.shape.key_heads = op.shape.key_heads / *shares;
    op.share = own_part(op.shape.value_heads, tensor());
    op.shape.value_heads = op.shape.value_heads / tensor();
    op.query = block_.divided(op.query, *shares);
    op.key = block_.divided(op.key, *shares);
    op.value = block_.divided(op.value, tensor());
    if (op.decay) op.decay = block_.divided(*op.decay, tensor());
    if (op.strength) op.strength = block_.divided(*op.strength, tensor());
    op.state = block_.cache(op.state, tensor());
    op.out = block_.make_divided(op.out, tensor());
    return op;
  }
  void operator()(SelectiveScan op) const {
    op.rate = block_.weight_rows(op.rate, tensor());
    op.query = block_.whole(op.query);
    op.key = block_.whole(op.key);
    op.step = block_.divided(op.step, tensor());
    op.in = block_.divided(op.in, tensor());
    op.state = block_.cache(op.state, tensor());
    op.out = block_.make_divided(op.out, tensor());
    block_.append(op);
  }

  // --- Whole rows.
  void operator()(const SelectRows& op) const { as_made(block_, op); }
  template <OneOf<Sparsify, SelectColumns, AverageVectors, RepeatVector> Op>
  void operator()(const Op& op) const {
    in_whole(block_, op);
  }
  template <OneOf<WeighPart, DispatchRows, CombineRows, Exchange, Send, Receive> Op>
  void operator()(const Op&) const {
    throw std::logic_error("a graph that is a rank's already is divided again");
  }

 private:
  [[nodiscard]] Integer tensor() const { return block_.tensor(); }

  void project_whole(Project op) const {
    op.weight = block_.weight(op.weight);
    if (op.bias) op.bias = block_.weight(*op.bias);
    in_whole(block_, op);
  }
  void project_rows(Project op, Integer shares) const {
    op.in = block_.whole(op.in);
    op.weight = block_.weight_rows(op.weight, shares);
    if (op.bias) op.bias = block_.weight_rows(*op.bias, shares);
    const Integer rows = block_.rank().shard.graph.weight(op.weight).rows;
    op.out = block_.make_divided(op.out, shares, rows);
    block_.append(op);
  }
  // One rank alone adds the bias to the sum.
  void project_columns(Project op) const {
    op.in = block_.divided(op.in, tensor());
    op.weight = block_.weight_columns(op.weight, tensor());
    if (op.bias && block_.own_share(tensor()) == 0) {
      op.bias = block_.weight(*op.bias);
    } else {
      op.bias.reset();
    }
    op.out = block_.make_partial(op.out);
    block_.append(op);
  }

  [[nodiscard]] Ranks context_ranks() const {
    return llmarch::context_ranks(block_.rank().deployment, block_.rank().rank);
  }
  static bool is_part(const Reach& reach) { return std::holds_alternative<Striped>(reach); }
  void refuse_context(const std::string& what) const {
    if (context_ranks().count > 1) block_.refuse(what + " are not divided among ranks of cp");
  }
  // Attention to the rank's own keys is weighed by what the ranks tell each other of theirs, and
  // added up.
  template <class Op>
  void append_attention(Op op, Integer heads) const {
    if (!is_part(op.reach)) return block_.append(op);
    const Ranks ranks = context_ranks();
    const ValueId out = std::exchange(op.out, block_.beside(op.out, RowAxis::tokens));
    op.log_sums = block_.add_value({RowAxis::tokens, heads});
    block_.append(op);
    const ValueId of_all = block_.add_value({RowAxis::tokens, heads * ranks.count});
    block_.exchange(Collective::all_gather, ranks, *op.log_sums, of_all);
    const ValueId weighed = block_.beside(out, RowAxis::tokens);
    block_.append_beside("share in ", WorkKind::attention,
                         WeighPart{ranks, heads, op.out, of_all, weighed});
    block_.exchange(Collective::all_reduce, ranks, weighed, out);
  }

  // Which of `all` heads or groups the rank has; none where they are not divided.
  [[nodiscard]] std::optional<Share> own_part(Integer all, Integer shares) const {
    if (shares == 1) return std::nullopt;
    return Share{block_.own_share(shares) * (all / shares), all};
  }

  void divide(LatentShape& shape) const {
    need_all_ranks(shape.heads, "query heads");
    shape.heads = shape.heads / tensor();
  }
  void need_all_ranks(Integer heads, const char* what) const {
    if (heads % tensor() != 0) refuse_heads(heads, what);
  }
  [[noreturn]] void refuse_heads(Integer heads, const std::string& what) const {
    block_.refuse(std::to_string(heads.value()) + " " + what + " do not divide among " +
                  std::to_string(tensor().value()) + " ranks");
  }

  RankBlock& block_;
};

}  // namespace

void append_share(RankBlock& block, const Op& op) {
  std::visit(Rules(block), op);
}

}  // namespace llmarch
