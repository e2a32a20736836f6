// The fields of dense feed-forwards, of mixtures and of their routers. Each is stated once, as in
// fields.h, which includes this file.
#pragma once

#include "sim/spec/feed_forward.h"
#include "sim/spec/field.h"
#include "sim/spec/names.h"

namespace llmarch {

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<GateLimit> auto& limit) {
  visit(Field{"limit",
              "act(gate) * up: the gate is held below this, up within this to either side of 0"},
        limit.limit, kFactor);
  visit(Field{"place", "whether the gate is held before its activation or after"}, limit.place);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<Situ> auto& situ) {
  visit(Field{"gate", "this tanh(gate / this) sigmoid(gate)", Prominence::detail}, situ.gate,
        kFactor);
  visit(Field{"up", "times this tanh(up / this)", Prominence::detail}, situ.up, kFactor);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<Xielu> auto& xielu) {
  visit(Field{"beta", "the slope at 0", Prominence::detail}, xielu.beta, kFactor);
  visit(Field{"epsilon", "inputs are held below this before their exponential", Prominence::detail},
        xielu.epsilon, kBelowZero);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<DenseFeedForward> auto& feed_forward) {
  visit(Field{"width", "width between the projections (intermediate_size)"}, feed_forward.width,
        kSize);
  visit(Field{"activation", "the function between the projections", Prominence::detail},
        feed_forward.activation);
  visit(
      Field{"gated", "three projections, act(gate(x)) * up(x), instead of two", Prominence::detail},
      feed_forward.gated);
  visit(Field{"bias", "the projections have a bias"}, feed_forward.bias);
  visit(Field{"activation_sparsity",
              "of what enters the activation, what lies above mean + quantile(this) deviations of "
              "its row is kept, less that bound"},
        feed_forward.activation_sparsity, kShare);
  visit(Field{"gate_limit", "bounds on what the activated gate and up may be"},
        feed_forward.gate_limit);
  visit(Field{"up_offset", "act(gate) * (up + this)"}, feed_forward.up_offset, kFactor);
  visit(Field{"xielu", "instead of activation: xIELU, with two learned numbers in each layer"},
        feed_forward.xielu);
  visit(Field{"gate_multiplier", "the gate is multiplied by this before it is activated",
              Prominence::detail},
        feed_forward.gate_multiplier, kFactor);
  visit(Field{"situ", "instead of act(gate) * up: a product whose factors are bounded (SiTU)"},
        feed_forward.situ);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<ExpertGroups> auto& groups) {
  visit(Field{"count", "number of groups that the experts are split into"}, groups.count, kExperts);
  visit(Field{"chosen", "groups that may be chosen from"}, groups.chosen, kExperts);
  visit(Field{"score", "what ranks a group: its best expert, or the sum of its best two"},
        groups.score);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<Router> auto& router) {
  visit(Field{"scoring", "how the router's products become scores"}, router.scoring);
  visit(Field{"correction_bias", "a bias per expert enters the choice, not the weights"},
        router.correction_bias);
  visit(Field{"normalized_weights", "the chosen experts' weights are divided by their sum"},
        router.normalized_weights);
  visit(Field{"weight_scale", "the weights are multiplied by this (routed_scaling_factor)"},
        router.weight_scale, kFactor);
  visit(Field{"groups", "the choice is limited to the best groups of experts"}, router.groups);
  visit(Field{"jitter",
              "of a sparsemixer: experts whose logit s is further below the largest m than "
              "(m - s) / max(|s|, m) = 2 times this are left out of the softmax"},
        router.jitter, kFactor);
  visit(Field{"bias", "a bias per expert is added to the router's products"}, router.bias);
  visit(Field{"product_soft_cap", "the router's products s become cap tanh(s / cap)"},
        router.product_soft_cap, kFactor);
  visit(
      Field{"own_input",
            "the router reads the input of the sublayer through a norm of its own, divided by the "
            "root of hidden"},
      router.own_input);
  visit(Field{"expert_scale", "the weights are multiplied by a learned number per expert"},
        router.expert_scale);
  visit(Field{"listed_by_token",
              "a token's experts are those that a table lists for its id; their scores only make "
              "the weights"},
        router.listed_by_token);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<MixtureFeedForward> auto& mixture) {
  visit(Field{"experts", "number of routed experts"}, mixture.experts, kExperts);
  visit(Field{"experts_per_token", "routed experts that each token runs"},
        mixture.experts_per_token, kExperts);
  visit(Field{"expert_width", "width of one expert (moe_intermediate_size)"}, mixture.expert_width,
        kSize);
  visit(Field{"shared_width", "width of all shared experts together, run for every token"},
        mixture.shared_width, kSize);
  visit(
      Field{"shared_gate", "what the shared experts give is multiplied by a sigmoid of the token"},
      mixture.shared_gate);
  visit(Field{"sum_multiplier",
              "the sum of routed and shared experts is multiplied by this; 0.5: their mean"},
        mixture.sum_multiplier, kFactor);
  visit(Field{"scaled_input", "an expert's weight multiplies its input instead of its output"},
        mixture.scaled_input);
  visit(Field{"activation", "the experts' function, of their gate unless they are ungated",
              Prominence::detail},
        mixture.activation);
  visit(Field{"router", "how experts are chosen and weighted"}, mixture.router);
  visit(Field{"expert_bias", "the projections of the routed experts have a bias"},
        mixture.expert_bias);
  visit(Field{"gate_limit", "bounds on what a routed expert's activated gate and up may be"},
        mixture.gate_limit);
  visit(Field{"shared_gate_limit", "the same of the shared experts"}, mixture.shared_gate_limit);
  visit(Field{"up_offset", "act(gate) * (up + this), in all experts"}, mixture.up_offset, kFactor);
  visit(Field{"ungated", "experts are act(up(x)), two projections instead of three"},
        mixture.ungated);
  visit(Field{"latent_width",
              "routed experts read a projection into so many columns, and one leads back"},
        mixture.latent_width, kSize);
  visit(Field{"latent_norm", "what routed experts give is normalised before it is led back"},
        mixture.latent_norm);
  visit(Field{"identity_experts",
              "the router chooses among this many more experts, which give what they are given"},
        mixture.identity_experts, kExperts);
  visit(Field{"situ", "instead of act(gate) * up, in all experts: SiTU"}, mixture.situ);
}

}  // namespace llmarch
