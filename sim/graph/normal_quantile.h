// The quantile of the standard normal distribution, in single precision, as the models that cut off
// activations by it compute it: it is a constant of theirs, and its error of some 3e-7 is part of
// what they were trained and published with. On the golden vectors of Gemma 3n the exact quantile
// would take three quarters of the tolerance.
#pragma once

namespace llmarch {

// `share` is above 0 and below 1.
float normal_quantile(float share);

}  // namespace llmarch
